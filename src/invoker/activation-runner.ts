/**
 * Runs one activation in a container: /init where it is new, then /run, each within the action's time limit, and makes
 * of whatever happens the outcome that OpenWhisk would record. After an outcome that is the action developer's or the
 * platform's error the container is not fit for another activation.
 *
 * The time of a cold container until its runtime takes up /init (it says so with an interim answer) is not the
 * action's: it counts as waiting, and has a limit of its own.
 */
import type { Clock } from '../clock/clock.ts';
import type { RunnableExec } from '../domain/action.ts';
import { errorOutcome } from '../domain/activation.ts';
import { containerConcurrency } from '../domain/container-concurrency.ts';
import type { ActivationMessage, ActivationOutcome, ActivationResponse } from '../domain/activation.ts';
import type { Container } from './container.ts';
import { LOG_TEXTS } from './log-collector.ts';
import type { LogCollector } from './log-collector.ts';
import { CONNECTION_LOST } from './runtime-connection.ts';
import type { RuntimeReply } from './runtime-connection.ts';
import { errorResponse, initResponse, runResponse, TEXTS } from './runtime-responses.ts';

const MB = 1024 * 1024;
/** From the spawn of a runtime to its reading of /init; generous, as a node may be busy with other boxes. */
const BOOT_MS = 30_000;
/** How long the logs of a finished activation may lag behind its answer: both sentinels, see log-collector. */
const LOG_WAIT_MS = 2_000;
const LOG_WAIT_PER_MB_MS = 2_000;
/** After a failure nothing is owed by the runtime; what it did say is usually there within this time. */
const FAILED_LOG_WAIT_MS = 100;

export interface RunEnd {
  outcome: ActivationOutcome;
  /** The container can serve the next activation of this action. */
  reusable: boolean;
  /** The runtime went away by itself. */
  died: boolean;
  /** Why the runtime did not come up: the machine's or this program's fault, not the action's. */
  bootFailure?: string;
}

interface Exchange { reply: RuntimeReply | typeof CONNECTION_LOST | 'timeout'; start: number; end: number; takenUp: boolean }

/** What ended an activation before it has its logs. */
interface Verdict { response: ActivationResponse; timedOut: boolean; died: boolean }

/** @param exec the action's code, needed when the container is not initialized */
export async function runActivation(container: Container, message: ActivationMessage, exec: RunnableExec | undefined, clock: Clock): Promise<RunEnd> {
  const { limits } = message.action;
  const call = containerConcurrency(message.action) > 1 ? message.activationId : undefined;
  const logs = call === undefined ? container.logs : container.logsOf(call, clock);
  container.enter();
  try {
    logs.begin(limits.logs * MB);
    return await runIn({ container, logs, call }, message, exec, clock);
  } finally {
    container.leave();
    if (call !== undefined) container.closeLogs(call);
  }
}

/** Where an activation runs: its container, what it prints there, and how the runtime calls it where there are others. */
interface Place { container: Container; logs: LogCollector; call: string | undefined }

async function runIn(place: Place, message: ActivationMessage, exec: RunnableExec | undefined, clock: Clock): Promise<RunEnd> {
  const { container, logs, call } = place;
  const { limits } = message.action;
  let initialized: Exchange | undefined;
  let verdict: Verdict | undefined;
  if (!container.initialized && exec !== undefined) {
    initialized = await exchange(container, '/init', initBody(message, exec, clock.now() + limits.timeout, call !== undefined), limits.timeout, clock);
    verdict = await initVerdict(place, initialized, limits.timeout);
    container.opened(verdict === undefined);
  }
  let run: Exchange | undefined;
  if (verdict === undefined) {
    run = await exchange(container, '/run', runBody(message, clock.now() + limits.timeout), limits.timeout, clock, call);
    verdict = await runVerdict(place, run, limits.timeout);
  }
  const failed = verdict.response.statusCode > 1;
  const whole = !failed && await withoutSentinels(run);
  if (!whole) await logs.settled(failed ? FAILED_LOG_WAIT_MS : LOG_WAIT_MS + limits.logs * LOG_WAIT_PER_MB_MS);
  if (initialized?.takenUp === false) return bootFailed(logs, message, clock);
  const lines = logs.take(whole ? [] : logNotices(logs, failed));
  const outcome = outcomeOf(message, verdict, initialized, run, limits.logs === 0 ? [] : lines);
  return { outcome, reusable: !failed && !verdict.died, died: verdict.died };
}

function bootFailed(logs: LogCollector, message: ActivationMessage, clock: Clock): RunEnd {
  const outcome = errorOutcome(3, TEXTS.notProvisioned, message, clock.now());
  return { outcome, reusable: false, died: true, bootFailure: logs.stderrTail };
}

/** At least one of the two exchanges happened. */
function outcomeOf(
  message: ActivationMessage, { response, timedOut }: Verdict, init: Exchange | undefined, run: Exchange | undefined, logs: string[],
): ActivationOutcome {
  const start = (init ?? run)?.start ?? 0;
  const end = (run ?? init)?.end ?? 0;
  const waitTime = Math.max(0, start - message.acceptedAt);
  const runTime = run === undefined ? 0 : run.end - run.start;
  if (init === undefined) return { response, start, end, duration: runTime, waitTime, timedOut, logs };
  const initTime = init.end - init.start;
  return { response, start, end, duration: initTime + runTime, initTime, waitTime, timedOut, logs };
}

/**
 * Whether the runtime left out its sentinels. What was printed was then written before the answer, so that it is readable
 * since the answer is: at the end of this turn of the event loop it has been read.
 */
async function withoutSentinels(run: Exchange | undefined): Promise<boolean> {
  if (run === undefined || typeof run.reply === 'string' || !run.reply.withoutSentinels) return false;
  await new Promise<void>((resolve) => { setImmediate(resolve); });
  return true;
}

function logNotices(logs: LogCollector, failed: boolean): string[] {
  if (failed) return [LOG_TEXTS.developerError];
  return logs.sentinels ? [] : [LOG_TEXTS.missing];
}

/** One request within its time limit. A reply that comes later is of no interest any more: the box is killed then. */
function exchange(
  container: Container, path: '/init' | '/run', json: string, timeoutMs: number, clock: Clock, call?: string,
): Promise<Exchange> {
  return new Promise((resolve) => {
    let start = clock.now();
    let takenUp = path === '/run';
    const expire = (): void => { resolve({ reply: 'timeout', start, end: clock.now(), takenUp }); };
    let cancel = clock.after(takenUp ? timeoutMs : BOOT_MS + timeoutMs, expire);
    const takeUp = (): void => {
      takenUp = true;
      start = clock.now();
      cancel();
      cancel = clock.after(timeoutMs, expire);
    };
    void container.connection.post(path, json, { onContinue: takenUp ? undefined : takeUp, call }).then((reply) => {
      cancel();
      resolve({ reply, start, end: clock.now(), takenUp });
    });
  });
}

async function initVerdict({ container, logs }: Place, init: Exchange, timeoutMs: number): Promise<Verdict | undefined> {
  const { reply } = init;
  if (reply === 'timeout') {
    await container.box.kill();
    return { response: errorResponse(2, TEXTS.initTimedOut(timeoutMs)), timedOut: true, died: false };
  }
  if (reply === CONNECTION_LOST) {
    return { response: await deathResponse(container, logs, TEXTS.abnormalInit), timedOut: false, died: true };
  }
  const response = initResponse(reply, container.maxResultBytes);
  return response === undefined ? undefined : { response, timedOut: false, died: false };
}

async function runVerdict({ container, logs }: Place, run: Exchange, timeoutMs: number): Promise<Verdict> {
  const { reply } = run;
  if (reply === 'timeout') {
    // Where others are in it, it goes after them.
    if (!container.shared) await container.box.kill();
    return { response: errorResponse(2, TEXTS.runTimedOut(timeoutMs)), timedOut: true, died: false };
  }
  if (reply === CONNECTION_LOST) return { response: await deathResponse(container, logs, TEXTS.abnormalRun), timedOut: false, died: true };
  return { response: runResponse(reply, container.maxResultBytes), timedOut: false, died: false };
}

/** Its channel is closed: whatever is left of it goes, and its end tells why. */
async function deathResponse(container: Container, logs: LogCollector, text: string): Promise<ActivationResponse> {
  await logs.settled(FAILED_LOG_WAIT_MS);
  await container.box.kill();
  const exit = await container.box.exited;
  // Node.js ends itself when its heap, which is bounded by the action's memory, is full.
  const outOfMemory = exit.outOfMemory || logs.sawHeapExhausted;
  return errorResponse(2, outOfMemory ? TEXTS.memoryExhausted : text);
}

function initBody(message: ActivationMessage, exec: RunnableExec, deadline: number, concurrent: boolean): string {
  const env: Record<string, string> = {
    ...message.env,
    __OW_NAMESPACE: message.namespace,
    __OW_ACTION_NAME: `/${message.action.path}`,
    __OW_ACTION_VERSION: message.action.version,
    __OW_ACTIVATION_ID: message.activationId,
    __OW_TRANSACTION_ID: message.transactionId,
    __OW_DEADLINE: String(deadline),
    ...(message.apiKey === undefined ? {} : { __OW_API_KEY: message.apiKey }),
    ...(concurrent ? { __OW_ALLOW_CONCURRENT: 'true' } : {}),
  };
  return JSON.stringify({ value: { name: message.action.name, main: exec.main ?? 'main', code: exec.code ?? '', binary: exec.binary, env } });
}

function runBody(message: ActivationMessage, deadline: number): string {
  return JSON.stringify({
    value: message.args,
    namespace: message.namespace,
    action_name: `/${message.action.path}`,
    action_version: message.action.version,
    activation_id: message.activationId,
    transaction_id: message.transactionId,
    deadline: String(deadline),
    ...(message.apiKey === undefined ? {} : { api_key: message.apiKey }),
  });
}
