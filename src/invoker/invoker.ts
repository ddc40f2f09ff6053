/**
 * The invoker: takes activations from the controller, runs them in containers, and gives the node back.
 *
 * working --drain--> draining --> ended. It drains when it is told to (SIGTERM, the controller), by itself shortly
 * before its lease ends, and when no controller has been there for a while. Draining: it says so; hands back what has
 * not started; ends every box that no call holds; lets running calls go on within the hold time (before the end of the
 * lease: for as long as that lasts); interrupts and hands back the rest; waits briefly until the controller has
 * acknowledged everything; leaves. With nothing running all that takes a few milliseconds.
 *
 * A call that fails while the node is being taken away is handed back, not recorded: Slurm signals every process of the
 * job, the function's own children included, so that the failure may be the preemption's.
 */
import type { Clock } from '../clock/clock.ts';
import type { RunnableExec } from '../domain/action.ts';
import type { ActivationMessage, ResponseStatusCode } from '../domain/activation.ts';
import { errorOutcome } from '../domain/activation.ts';
import type { Logger } from '../domain/logger.ts';
import type { LinkClient, LinkClientHandler } from '../link/link.ts';
import type { InvokerDescription, LeaveCause, ToController, ToInvoker } from '../link/messages.ts';
import { RuntimeMissing } from '../runtimes/launch.ts';
import type { RuntimeLauncher } from '../runtimes/launch.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { runActivation } from './activation-runner.ts';
import type { RunEnd } from './activation-runner.ts';
import { CodeCache } from './code-cache.ts';
import type { Slot } from './container-pool.ts';
import type { Container } from './container.ts';
import { Containers } from './containers.ts';
import { HeldActivations } from './held-activations.ts';
import type { HeldActivation } from './held-activations.ts';
import { atTime } from './long-timer.ts';
import { resolveOptions } from './options.ts';
import type { InvokerOptions, ResolvedOptions } from './options.ts';
import { TEXTS } from './runtime-responses.ts';

export interface InvokerParts {
  /** Dials the controller. */
  link: (handler: LinkClientHandler) => LinkClient;
  /** Called once, after joining, which does not wait for it. Where it fails the invoker leaves. */
  sandbox: () => Promise<Sandbox>;
  /** For actions in images; called when the first of them comes. */
  imageSandbox: () => Promise<Sandbox>;
  launcher: RuntimeLauncher;
  clock: Clock;
  logger: Logger;
  options: InvokerOptions;
}

export interface InvokerEnd {
  cause: LeaveCause;
  /** Why it could not work: the controller would not have it, or there is no sandbox. */
  refused?: string;
}

/** A signal to the invoker and the death of what it runs come in no certain order. */
const SIGNAL_RACE_MS = 50;
/** Kept free of running calls at the very end of a lease, for the last words. */
const LAST_WORDS_MS = 500;
/**
 * For the cause, from the signal on. slurmd looks whether a job that it has signalled is over after 20, 70, 170 and 670 ms
 * and then every second, and the job is over only when slurmstepd has tidied up after the invoker: who leaves after
 * 100 ms holds the node for 670.
 */
const CAUSE_WITHIN_MS = 60;
/** For the link to say goodbye. */
const CLOSE_MS = 50;

export class Invoker {
  /** Resolves when it has left and everything it started is gone. */
  readonly ended: Promise<InvokerEnd>;
  readonly #parts: InvokerParts;
  readonly #options: ResolvedOptions;
  readonly #containers: Containers;
  readonly #code: CodeCache;
  readonly #held: HeldActivations;
  readonly #queue: HeldActivation[] = [];
  readonly #running = new Map<HeldActivation, Slot<Container>>();
  readonly #cancels: (() => void)[] = [];
  #link: LinkClient | undefined;
  #connected = false;
  #joined = false;
  #welcomed = false;
  /** Until the controller says it. */
  #maxResultBytes = 1024 * 1024;
  #cancelHeartbeat: (() => void) | undefined;
  #cancelLinkDown: (() => void) | undefined;
  #draining: Promise<void> | undefined;
  #signalled = false;
  #left = false;
  #refused: string | undefined;
  #chosen: Promise<Sandbox> | undefined;
  #end!: (end: InvokerEnd) => void;

  constructor(parts: InvokerParts) {
    const options = resolveOptions(parts.options);
    this.#parts = parts;
    this.#options = options;
    this.#held = new HeldActivations((message) => { this.#send(message); });
    this.#code = new CodeCache((path, revision) => { this.#send({ type: 'code-wanted', path, revision }); }, options.codeCacheBytes);
    this.#containers = new Containers({
      sandbox: () => this.#sandbox(), imageSandbox: parts.imageSandbox, launcher: parts.launcher, clock: parts.clock, logger: parts.logger,
      memoryMB: options.memoryMB, apiHost: options.apiHost, prewarm: options.prewarm, idleMs: options.idleMs,
      maxResultBytes: () => this.#maxResultBytes, idPrefix: 'box', onFreed: () => { this.#pump(); },
    });
    this.ended = new Promise((resolve) => { this.#end = resolve; });
  }

  /** Dials; from then on it works until `ended`. */
  start(): void {
    const { clock } = this.#parts;
    const { leaseEndsAt, drainMarginMs } = this.#options;
    this.#watchLinkDown();
    this.#link = this.#parts.link({
      connected: () => this.#describe(),
      received: (message) => { this.#received(message); },
      disconnected: () => { this.#disconnected(); },
    });
    if (leaseEndsAt === null) return;
    this.#cancels.push(atTime(clock, leaseEndsAt - drainMarginMs, () => { void this.#drain('time-limit', leaseEndsAt - LAST_WORDS_MS); }));
  }

  /**
   * Gives the node back, as the head of this file tells. `cause` may become known only while it drains.
   * @returns resolves with `ended`
   */
  async drain(cause: LeaveCause | Promise<LeaveCause>): Promise<void> {
    // Whoever signals the invoker of a job signals everything in the job.
    if (cause !== 'shutdown') this.#signalled = true;
    const holdUntil = this.#parts.clock.now() + this.#options.holdMs;
    // It may be draining already, with more time than there is now.
    if (this.#draining !== undefined) this.#interruptAt(holdUntil);
    await this.#drain(cause, holdUntil);
  }

  #describe(): InvokerDescription {
    const { invokerId, node, jobId, memoryMB, leaseEndsAt, startedAt, uptimeMs } = this.#options;
    const first = !this.#joined;
    this.#joined = true;
    this.#connected = true;
    this.#welcomed = false;
    this.#cancelLinkDown?.();
    this.#held.newConnection();
    return {
      invokerId, node, memoryMB, leaseEndsAt, held: this.#held.ids,
      ...(jobId === undefined ? {} : { jobId }),
      ...(startedAt === undefined ? {} : { startedAt }),
      ...(first && uptimeMs !== undefined ? { startupMs: uptimeMs() } : {}),
    };
  }

  #received(message: ToInvoker): void {
    if (this.#left) return;
    switch (message.type) {
      case 'assign': this.#assign(message.message); return;
      case 'ack': this.#held.acknowledged(message.ids); return;
      case 'code': this.#code.received(message.path, message.revision, message.exec); return;
      case 'welcome': this.#welcome(message.heartbeatMs, message.maxResultBytes); return;
      case 'drain': void this.drain('shutdown'); return;
      case 'refuse':
        this.#parts.logger.error({ reason: message.reason }, 'refused by the controller');
        this.#refused = message.reason;
        void this.drain('shutdown');
    }
  }

  #welcome(heartbeatMs: number, maxResultBytes: number): void {
    this.#maxResultBytes = maxResultBytes;
    this.#welcomed = true;
    this.#cancelHeartbeat?.();
    this.#cancelHeartbeat = this.#parts.clock.every(heartbeatMs, () => { this.#heartbeat(); });
    // A connection that was lost may have taken it along.
    if (this.#draining !== undefined) this.#send({ type: 'draining', cause: 'unknown' });
    this.#heartbeat();
    this.#held.sendAnswersAgain();
    this.#code.askAgain();
    if (this.#draining === undefined) this.#containers.start();
    void this.#sandbox().catch((error: unknown) => {
      this.#refused = error instanceof Error ? error.message : String(error);
      void this.drain('shutdown');
    });
  }

  #sandbox(): Promise<Sandbox> {
    this.#chosen ??= this.#parts.sandbox();
    return this.#chosen;
  }

  #heartbeat(): void {
    this.#send({
      type: 'heartbeat', freeMemoryMB: this.#containers.availableMB, running: this.#held.unanswered, leaseEndsAt: this.#options.leaseEndsAt,
    });
  }

  #disconnected(): void {
    this.#connected = false;
    this.#cancelHeartbeat?.();
    this.#watchLinkDown();
  }

  #watchLinkDown(): void {
    this.#cancelLinkDown?.();
    this.#cancelLinkDown = this.#parts.clock.after(this.#options.linkDownMs, () => {
      this.#parts.logger.warn({ linkDownMs: this.#options.linkDownMs }, 'no controller for too long');
      void this.#drain('unknown', this.#parts.clock.now());
    });
  }

  #send(message: ToController): void {
    if (this.#connected && !this.#left) this.#link?.send(message);
  }

  #assign(message: ActivationMessage): void {
    const held = this.#held.add(message);
    if (held === undefined) return;
    if (this.#draining !== undefined) {
      this.#held.answer(held, { type: 'return', reason: 'not-started' });
      return;
    }
    if (this.#queue.length > 0 || !this.#tryStart(held)) {
      this.#queue.push(held);
      this.#pump();
    }
  }

  /** Starts what can start, in order; behind one that waits for memory only warm containers are used. */
  #pump(): void {
    let blocked = false;
    for (let at = 0; at < this.#queue.length;) {
      const held = this.#queue[at];
      if (held === undefined || held.state === 'answered' || (blocked ? this.#tryWarm(held) : this.#tryStart(held))) this.#queue.splice(at, 1);
      else {
        blocked = true;
        at += 1;
      }
    }
  }

  #tryStart(held: HeldActivation): boolean {
    const slot = this.#containers.acquire(held.message);
    if (slot === 'wait') return false;
    if (slot === 'never') this.#fail(held, TEXTS.notProvisioned);
    else void this.#run(held, slot);
    return true;
  }

  #tryWarm(held: HeldActivation): boolean {
    const slot = this.#containers.acquireWarm(held.message);
    if (slot === undefined) return false;
    void this.#run(held, slot);
    return true;
  }

  async #run(held: HeldActivation, slot: Slot<Container>): Promise<void> {
    const { message } = held;
    this.#running.set(held, slot);
    try {
      if (slot.container?.initialized === true) await this.#runIn(slot.container, held, slot);
      else if (slot.running > 1) await this.#runAfterOther(held, slot);
      else await this.#runCold(held, slot);
    } catch (error) {
      this.#parts.logger.error({ activationId: message.activationId, action: message.action.path, error: String(error) }, 'cannot run an activation');
      if (error instanceof RuntimeMissing && error.byAction) this.#fail(held, error.message, 2);
      else this.#fail(held, `${TEXTS.notProvisioned} ${error instanceof Error ? error.message : ''}`.trim());
      await this.#containers.discard(slot);
    } finally {
      this.#running.delete(held);
    }
  }

  /** The code is fetched while the container starts. */
  async #runCold(held: HeldActivation, slot: Slot<Container>): Promise<void> {
    const { path, revision } = held.message.action;
    const [container, exec] = await Promise.all([this.#containers.started(slot), this.#code.get(path, revision)]);
    if (held.state === 'waiting' && exec !== null) {
      await this.#runIn(container, held, slot, exec);
      return;
    }
    // It was handed back meanwhile, or there is nothing to run.
    this.#fail(held, TEXTS.actionGone);
    container.opened(false);
    await this.#containers.discard(slot);
  }

  /** Another one loads the action into the container that they are to share. */
  async #runAfterOther(held: HeldActivation, slot: Slot<Container>): Promise<void> {
    const container = await this.#containers.started(slot);
    if (await container.ready && held.state === 'waiting') {
      await this.#runIn(container, held, slot);
      return;
    }
    void this.#containers.discard(slot);
    if (held.state !== 'waiting') return;
    this.#queue.unshift(held);
    this.#pump();
  }

  async #runIn(container: Container, held: HeldActivation, slot: Slot<Container>, exec?: RunnableExec): Promise<void> {
    held.state = 'running';
    const end = await runActivation(container, held.message, exec, this.#parts.clock);
    if (end.bootFailure !== undefined) this.#parts.logger.error({ kind: slot.kind, stderr: end.bootFailure }, 'a runtime did not come up');
    if (end.died) await this.#parts.clock.sleep(SIGNAL_RACE_MS);
    if (end.reusable && this.#draining === undefined) this.#containers.release(slot);
    else void this.#containers.discard(slot);
    if (this.#interrupted(held, end)) this.#held.answer(held, { type: 'return', reason: 'interrupted' });
    else this.#held.answer(held, { type: 'complete', outcome: end.outcome });
  }

  /** An action that must not run twice keeps its failure: what the controller would record instead says less. */
  #interrupted(held: HeldActivation, { outcome, died }: RunEnd): boolean {
    if (!this.#signalled || outcome.timedOut) return false;
    return died || (outcome.response.statusCode !== 0 && held.message.action.atMostOnce !== true);
  }

  #fail(held: HeldActivation, text: string, statusCode: ResponseStatusCode = 3): void {
    this.#held.answer(held, { type: 'complete', outcome: errorOutcome(statusCode, text, held.message, this.#parts.clock.now()) });
  }

  #drain(cause: LeaveCause | Promise<LeaveCause>, holdUntil: number): Promise<void> {
    this.#draining ??= this.#leave(cause, holdUntil);
    return this.#draining;
  }

  async #leave(cause: LeaveCause | Promise<LeaveCause>, holdUntil: number): Promise<void> {
    const { logger } = this.#parts;
    for (const cancel of this.#cancels) cancel();
    const causeBy = this.#parts.clock.now() + CAUSE_WITHIN_MS;
    logger.info({ running: this.#running.size, waiting: this.#queue.length }, 'draining');
    this.#send({ type: 'draining', cause: typeof cause === 'string' ? cause : 'unknown' });
    for (const held of this.#held.in('waiting')) this.#held.answer(held, { type: 'return', reason: 'not-started' });
    this.#queue.length = 0;
    const idleGone = this.#containers.stopIdle();
    this.#interruptAt(holdUntil);
    await this.#held.settled();
    const allGone = idleGone.then(() => this.#containers.stop());
    if (this.#connected && this.#welcomed) await this.#within(this.#options.ackWaitMs, this.#held.allAcknowledged());
    const known = typeof cause === 'string' ? cause : await this.#by(causeBy, cause);
    this.#send({ type: 'leave', cause: known });
    this.#left = true;
    this.#cancelHeartbeat?.();
    this.#cancelLinkDown?.();
    for (const cancel of this.#cancels) cancel();
    await Promise.all([this.#within(CLOSE_MS, this.#link?.close() ?? Promise.resolve()), allGone]);
    logger.info({ cause: known }, 'left');
    this.#end({ cause: known, ...(this.#refused === undefined ? {} : { refused: this.#refused }) });
  }

  #interruptAt(time: number): void {
    const { clock } = this.#parts;
    const interrupt = (): void => {
      for (const held of this.#held.in('running')) this.#held.answer(held, { type: 'return', reason: 'interrupted' });
    };
    if (time <= clock.now()) interrupt();
    else this.#cancels.push(clock.after(time - clock.now(), interrupt));
  }

  /** The cause, where it is known by `time`; Slurm's own final state of the job tells it to whoever asks later. */
  async #by(time: number, cause: Promise<LeaveCause>): Promise<LeaveCause> {
    let known: LeaveCause = 'unknown';
    await this.#within(time - this.#parts.clock.now(), cause.then((told) => { known = told; }, () => undefined));
    return known;
  }

  /** Waits for `done`, at most so long. */
  async #within(ms: number, done: Promise<void>): Promise<void> {
    // Even without time left, what is done already counts.
    let cancel: () => void = () => undefined;
    await Promise.race([done, new Promise<void>((resolve) => { cancel = this.#parts.clock.after(Math.max(0, ms), resolve); })]);
    cancel();
  }
}
