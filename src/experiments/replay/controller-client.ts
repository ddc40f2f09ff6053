import { Agent, request } from 'node:http';
import { isJsonObject, type JsonValue } from '../../domain/json.ts';
import { ReplayError } from './replay-error.ts';
import type { ControllerSample, InvokerSample } from './samples.ts';

export interface ControllerAddress {
  /** `http://host:port` */
  readonly url: string;
  /** `uuid:key` of the namespace that calls. */
  readonly authKey: string;
  /** For GET /status. */
  readonly adminToken: string;
}

export interface HttpAnswer {
  /** 0: no answer; `reason` tells why. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  readonly reason?: 'refused' | 'timeout' | 'broken';
}

interface Query { method: string; path: string; headers?: Record<string, string>; body?: string; timeoutMs: number }

/**
 * Idle connections are closed after this, ms: long before the controller would do it (70 s), so that however long this
 * process is held up, no call goes out on a connection that is just being closed.
 */
const IDLE_MS = 10_000;

/** The controller as a client and an operator see it, over kept-alive connections. */
export class ControllerClient {
  readonly #address: ControllerAddress;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY, timeout: IDLE_MS });
  readonly #basic: string;

  constructor(address: ControllerAddress) {
    this.#address = address;
    this.#basic = `Basic ${Buffer.from(address.authKey).toString('base64')}`;
  }

  /** Answers, also when nobody does (status 0); never rejects. */
  send({ method, path, headers = {}, body, timeoutMs }: Query): Promise<HttpAnswer> {
    return new Promise((resolve) => {
      let timedOut = false;
      const none = (error?: NodeJS.ErrnoException): void => {
        const refused = error?.code === 'ECONNREFUSED';
        resolve({ status: 0, headers: {}, body: '', reason: timedOut ? 'timeout' : refused ? 'refused' : 'broken' });
      };
      const sent = request(`${this.#address.url}${path}`, { method, headers, agent: this.#agent }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => { text += part; });
        answer.once('end', () => { resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text }); });
        answer.once('close', () => { none(); });
      });
      const timer = setTimeout(() => {
        timedOut = true;
        sent.destroy();
      }, timeoutMs);
      sent.once('error', none);
      sent.once('close', () => { clearTimeout(timer); });
      sent.end(body);
    });
  }

  /** Creates or replaces a web action of the caller's namespace. @throws {ReplayError} ECONTROLLER */
  async putWebAction(name: string, kind: string, code: string, memoryMB: number): Promise<void> {
    const body = JSON.stringify({
      exec: { kind, code }, annotations: [{ key: 'web-export', value: true }], limits: { memory: memoryMB },
    });
    await this.#api('PUT', `actions/${name}?overwrite=true`, body);
  }

  /** Ids of all records of the caller's namespace whose start is `since` (epoch ms) or later. @throws {ReplayError} ECONTROLLER */
  async activationIds(since: number): Promise<string[]> {
    const ids: string[] = [];
    for (;;) {
      const page = parsed(await this.#api('GET', `activations?limit=${PAGE}&skip=${ids.length}&since=${since}&docs=false`)) as JsonValue;
      if (!Array.isArray(page)) throw new ReplayError('ECONTROLLER', 'the list of activations is no list');
      for (const entry of page) {
        if (isJsonObject(entry) && typeof entry['activationId'] === 'string') ids.push(entry['activationId']);
      }
      if (page.length < PAGE) return ids;
    }
  }

  /** What the record of a failed activation says; never rejects. */
  async activationError(id: string): Promise<string> {
    try {
      const record = parsed(await this.#api('GET', `activations/${id}`)) as JsonValue;
      const response = isJsonObject(record) ? record['response'] : undefined;
      return isJsonObject(response) ? JSON.stringify(response['result']).slice(0, 300) : 'the record has no response';
    } catch (error) {
      return error instanceof Error ? error.message : 'unknown';
    }
  }

  /** One look at GET /status; undefined when the controller does not answer as it should. */
  async look(): Promise<ControllerSample | undefined> {
    const answer = await this.send({ method: 'GET', path: '/status', headers: { authorization: `Bearer ${this.#address.adminToken}` }, timeoutMs: 5000 });
    if (answer.status !== 200) return undefined;
    const view = parsed(answer.body);
    if (!isJsonObject(view) || !Array.isArray(view['invokers'])) return undefined;
    const healthy: InvokerSample[] = [];
    let draining = 0;
    for (const invoker of view['invokers']) {
      if (!isJsonObject(invoker)) continue;
      const { id, node, state, startupMs } = invoker as { id?: JsonValue; node?: JsonValue; state?: JsonValue; startupMs?: JsonValue };
      if (state === 'draining') draining++;
      if (state !== 'healthy' || typeof id !== 'string' || typeof node !== 'string') continue;
      healthy.push({ id, node, ...(typeof startupMs === 'number' ? { startupMs } : {}) });
    }
    const count = (key: string): number => (typeof view[key] === 'number' ? view[key] : 0);
    return { healthy, draining, queued: count('queued') + count('rescued') };
  }

  close(): void {
    this.#agent.destroy();
  }

  async #api(method: string, path: string, body?: string): Promise<string> {
    const answer = await this.send({
      method, path: `/api/v1/namespaces/_/${path}`, timeoutMs: 30_000, ...(body === undefined ? {} : { body }),
      headers: { authorization: this.#basic, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    });
    if (answer.status === 200) return answer.body;
    const what = answer.status === 0 ? `no answer (${answer.reason ?? ''})` : `${answer.status} ${answer.body.slice(0, 200)}`;
    throw new ReplayError('ECONTROLLER', `${method} ${path}: ${what}`);
  }
}

/** The most that the API lists at a time. */
const PAGE = 200;

function parsed(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}
