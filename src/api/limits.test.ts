/** What a namespace may not exceed, as callers meet it. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import openwhisk from 'openwhisk';
import { VirtualClock } from '../clock/virtual-clock.ts';
import { authKey } from '../domain/identity.ts';
import type { JsonObject } from '../domain/json.ts';
import { DEFAULT_LIMITS } from '../domain/limits.ts';
import type { Limits } from '../domain/limits.ts';
import { startApi, GUEST, OTHER } from './api-harness.test.ts';
import type { ApiUnderTest } from './api-harness.test.ts';
import { waitUntil } from './wait-until.test.ts';

const MINUTE = 60_000;
const ECHO = 'function main(args) { return args }';
const SMALL: Limits = {
  ...DEFAULT_LIMITS, invocationsPerMinute: 3, concurrentInvocations: 2, firesPerMinute: 2, sequenceLength: 2, maxParameterBytes: 100, maxPayloadBytes: 1000,
  action: { ...DEFAULT_LIMITS.action, memory: { min: 256, max: 2048, standard: 1024 }, concurrency: { min: 1, max: 50, standard: 1 } },
};

describe('limits of a namespace', () => {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  let api: ApiUnderTest;

  before(async () => {
    api = await startApi({ limits: SMALL }, { clock, limitsOf: (namespace) => (namespace === OTHER.namespace ? DEFAULT_LIMITS : SMALL) });
    await api.action('echo', ECHO);
    assert.equal((await api.request('PUT', '/triggers/t', {})).status, 200);
    assert.equal((await api.request('PUT', '/rules/r', { trigger: '/_/t', action: '/_/echo' })).status, 200);
  });
  after(async () => {
    await api.close();
    assert.deepEqual(api.errors, []);
  });

  const invoke = async (path = '/actions/echo?blocking=true&result=true', body: unknown = {}): Promise<[status: number, error: unknown]> => {
    const answer = await api.request('POST', path, body);
    return [answer.status, (answer.body as JsonObject)['error']];
  };
  const nextMinute = (): void => { clock.advance(MINUTE); };

  it('refuses invocations beyond the rate until the next minute, whether there is such an action or not', async () => {
    nextMinute();
    assert.deepEqual([await invoke(), (await invoke('/actions/nowhere'))[0], await invoke()], [[200, undefined], 404, [200, undefined]]);
    assert.deepEqual(await invoke(), [429, 'Too many requests in the last minute (count: 4, allowed: 3).']);
    assert.deepEqual(await invoke('/actions/nowhere'), [429, 'Too many requests in the last minute (count: 5, allowed: 3).']);
    const other = await api.requestAs(OTHER, 'POST', '_/actions/nowhere', {});
    assert.equal(other.status, 404, 'another namespace has a count of its own');
    nextMinute();
    assert.deepEqual(await invoke(), [200, undefined]);
  });

  it('refuses invocations beyond those in flight', async () => {
    nextMinute();
    api.dispatch.running = 2;
    assert.deepEqual(await invoke(), [429, 'Too many concurrent requests in flight (count: 2, allowed: 2).']);
    api.dispatch.running = 1;
    assert.deepEqual(await invoke(), [200, undefined]);
    api.dispatch.running = 0;
  });

  it('refuses fires beyond their rate, and counts what rules invoke', async () => {
    nextMinute();
    const fire = async (): Promise<number> => (await api.request('POST', '/triggers/t', {})).status;
    assert.deepEqual([await fire(), await fire()], [202, 202]);
    assert.deepEqual(await invoke('/triggers/t'), [429, 'Too many requests in the last minute (count: 3, allowed: 2).']);
    // Each fire has had the rule's action invoked.
    await waitUntil(() => Promise.resolve(api.dispatch.messages.filter(({ action, blocking }) => action.name === 'echo' && !blocking).length >= 2 ? true : undefined));
    assert.deepEqual([await invoke(), await invoke()].map(([status]) => status), [200, 429]);
    nextMinute();
    assert.deepEqual([await invoke(), await invoke(), await invoke()].map(([status]) => status), [200, 200, 200]);
    const { activationId } = (await api.request('POST', '/triggers/t', {})).body as { activationId: string };
    const record = await waitUntil(() => api.store.activations.get(GUEST.namespace, activationId));
    assert.deepEqual(JSON.parse(record.logs[0] ?? ''), {
      statusCode: 1, success: false, error: 'Too many requests in the last minute (count: 4, allowed: 3).', rule: 'guest/r', action: 'guest/echo',
    });
  });

  it('counts a sequence once, not its components', async () => {
    nextMinute();
    const sequence = await api.request('PUT', '/actions/twice', { exec: { kind: 'sequence', components: ['/_/echo', '/_/echo'] } });
    assert.equal(sequence.status, 200, JSON.stringify(sequence.body));
    const statuses = [];
    for (let call = 0; call < 4; call++) statuses.push((await invoke('/actions/twice?blocking=true&result=true'))[0]);
    assert.deepEqual(statuses, [200, 200, 200, 429]);
  });

  it('charges web actions to their owner', async () => {
    nextMinute();
    await api.action('web', ECHO, { annotations: [{ key: 'web-export', value: true }] });
    const call = (): Promise<Response> => fetch(`${api.url}/api/v1/web/guest/default/web.json`);
    for (let allowed = 0; allowed < 3; allowed++) assert.equal((await call()).status, 200);
    const refused = await call();
    assert.equal(refused.status, 429);
    assert.equal((await refused.json() as JsonObject)['error'], 'Too many requests in the last minute (count: 4, allowed: 3).');
    assert.equal((await invoke())[0], 429);
  });

  it('is told to the npm client as an error with its text', async () => {
    nextMinute();
    const client = openwhisk({ apihost: api.url, api_key: authKey(GUEST) });
    for (let allowed = 0; allowed < 3; allowed++) await client.actions.invoke({ name: 'echo', blocking: true });
    await assert.rejects(client.actions.invoke({ name: 'echo', blocking: true }), { statusCode: 429, message: /Too many requests in the last minute \(count: 4, allowed: 3\)\./ });
  });

  it('bounds what actions ask for, parameters, payloads and sequences', async () => {
    nextMinute();
    const put = async (body: object): Promise<[number, unknown]> => {
      const answer = await api.request('PUT', '/actions/bounded?overwrite=true', { exec: { kind: 'nodejs:default', code: ECHO }, ...body });
      return [answer.status, answer.status === 200 ? (answer.body as { limits: JsonObject }).limits['memory'] : (answer.body as JsonObject)['error']];
    };
    assert.deepEqual(await put({}), [200, 1024]);
    assert.deepEqual(await put({ limits: { memory: 2048, concurrency: 50 } }), [200, 2048]);
    assert.deepEqual(await put({ limits: { memory: 128 } }), [400, 'memory size 128 MB below allowed threshold of 256 MB']);
    assert.deepEqual(await put({ limits: { concurrency: 51 } }), [400, 'concurrency 51 exceeds allowed threshold of 50']);
    const [status, error] = await put({ parameters: [{ key: 'k', value: 'x'.repeat(100) }] });
    assert.equal(status, 413);
    assert.match(String(error), /^parameters larger than allowed: \d+ > 100 bytes\.$/);
    const three = await api.request('PUT', '/actions/three', { exec: { kind: 'sequence', components: ['/_/echo', '/_/echo', '/_/echo'] } });
    assert.deepEqual([three.status, (three.body as JsonObject)['error']], [400, 'Too many actions in the sequence.']);
    assert.deepEqual(await invoke('/actions/echo', ' '.repeat(1001)), [413, 'Request larger than allowed: 1001 > 1000 bytes.']);
    assert.equal((await invoke('/actions/echo', `${' '.repeat(998)}{}`))[0], 202);
    const other = await api.requestAs(OTHER, 'POST', '_/actions/nowhere', `${' '.repeat(2000)}{}`);
    assert.equal(other.status, 404, 'another namespace may send more');
  });

  it('is shown under limits and at the root', async () => {
    assert.deepEqual((await api.request('GET', '/limits')).body, {
      invocationsPerMinute: 3, concurrentInvocations: 2, firesPerMinute: 2,
      minActionMemory: 256, maxActionMemory: 2048, minActionLogs: 0, maxActionLogs: 10, minActionTimeout: 100, maxActionTimeout: 300_000,
      minActionConcurrency: 1, maxActionConcurrency: 50, maxParameterSize: '100 B', maxPayloadSize: '1000 B',
    });
    const foreign = await api.requestAs(OTHER, 'GET', 'guest/limits');
    assert.deepEqual([foreign.status, (foreign.body as JsonObject)['error']], [403, "The supplied authentication is not authorized to access 'guest'."]);
    const { limits } = await (await fetch(api.url)).json() as { limits: JsonObject };
    assert.deepEqual(
      ['actions_per_minute', 'triggers_per_minute', 'concurrent_actions', 'sequence_length', 'max_action_memory'].map((name) => limits[name]),
      [3, 2, 2, 2, 2048 * 1024 * 1024],
    );
  });
});
