/**
 * The containers of an invoker: the pool's bookkeeping joined with real boxes. Starts them, keeps stem cells ready,
 * ends those that stay idle, that die, or whose memory is wanted, and kills all of them at the end.
 */
import type { Clock } from '../clock/clock.ts';
import type { ActivationMessage } from '../domain/activation.ts';
import { containerConcurrency } from '../domain/container-concurrency.ts';
import type { Logger } from '../domain/logger.ts';
import { RuntimeMissing, runtimeName } from '../runtimes/launch.ts';
import type { RuntimeLauncher } from '../runtimes/launch.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { ContainerPool } from './container-pool.ts';
import type { Acquired, Slot } from './container-pool.ts';
import { startContainer } from './container.ts';
import type { Container } from './container.ts';

export interface StemCells { kind: string; memoryMB: number; count: number }

/** A stem cell that was taken is replaced after this time, so that its start does not slow down the call that took it. */
const REPLACE_MS = 100;
/** After a stem cell could not be started. */
const PREWARM_PAUSE_MS = 10_000;
const IDLE_SWEEP_MS = 10_000;

export interface ContainersOptions {
  sandbox(): Promise<Sandbox>;
  /** For runtimes in images. */
  imageSandbox(): Promise<Sandbox>;
  launcher: RuntimeLauncher;
  clock: Clock;
  logger: Logger;
  memoryMB: number;
  apiHost: string | undefined;
  prewarm: readonly StemCells[];
  /** Warm containers that nobody used for so long are removed. */
  idleMs: number;
  /** Longest result, as the controller says it. */
  maxResultBytes(): number;
  /** Names boxes apart between invokers of one machine. */
  idPrefix: string;
  /** Memory came free. */
  onFreed(): void;
}

export class Containers {
  readonly #options: ContainersOptions;
  readonly #pool: ContainerPool<Container>;
  readonly #starting = new Map<Slot<Container>, Promise<Container>>();
  #nextId = 1;
  #noPrewarmBefore = 0;
  #prewarmTimer: (() => void) | undefined;
  #sweepTimer: (() => void) | undefined;
  #stopped = false;

  constructor(options: ContainersOptions) {
    this.#options = options;
    this.#pool = new ContainerPool(options.memoryMB);
  }

  get availableMB(): number {
    return this.#pool.availableMB;
  }

  /** Begins to keep stem cells and to remove idle containers. */
  start(): void {
    this.#prewarmAfter(0);
    this.#sweepTimer ??= this.#options.clock.every(IDLE_SWEEP_MS, () => {
      for (const slot of this.#pool.idleSince(this.#options.clock.now() - this.#options.idleMs)) void this.remove(slot);
    });
  }

  /** A slot for this activation; `wait` when memory must come free first (`onFreed` tells). */
  acquire(message: ActivationMessage): Slot<Container> | 'wait' | 'never' {
    const { action } = message;
    const acquired = this.#pool.acquire({ key: containerKey(message), kind: runtimeName(action), memoryMB: action.limits.memory, concurrency: containerConcurrency(action) });
    this.#follow(acquired);
    if (acquired.type === 'wait' || acquired.type === 'never') return acquired.type;
    return acquired.slot;
  }

  /** A slot that needs no more memory for this activation: shared with others, or warm. */
  acquireWarm(message: ActivationMessage): Slot<Container> | undefined {
    const key = containerKey(message);
    return this.#pool.shared(key) ?? this.#pool.warm(key);
  }

  /** The container of a busy slot, started now where there is none. @throws {Error} when the kind cannot be started here */
  async started(slot: Slot<Container>): Promise<Container> {
    if (slot.container !== undefined) return slot.container;
    const under = this.#starting.get(slot);
    if (under !== undefined) return under;
    const starting = this.#start(slot);
    this.#starting.set(slot, starting);
    try {
      return await starting;
    } finally {
      this.#starting.delete(slot);
    }
  }

  async #start(slot: Slot<Container>): Promise<Container> {
    const { launcher, clock, apiHost, idPrefix } = this.#options;
    const launch = await launcher(slot.kind);
    if ('missing' in launch) throw new RuntimeMissing(launch);
    const container = await startContainer({
      sandbox: await (launch.image === undefined ? this.#options.sandbox() : this.#options.imageSandbox()), launch, clock, apiHost, id: `${idPrefix}${this.#nextId++}`, memoryMB: slot.memoryMB,
      maxResultBytes: this.#options.maxResultBytes(),
    });
    slot.container = container;
    void container.box.exited.then(() => {
      // A busy one is its activation's business.
      if (slot.state === 'prewarmed') this.#noPrewarmBefore = clock.now() + PREWARM_PAUSE_MS;
      if (slot.state === 'idle' || slot.state === 'prewarmed') void this.remove(slot);
    });
    return container;
  }

  /** An activation has left, and the container can take the next one. */
  release(slot: Slot<Container>): void {
    const last = this.#pool.release(slot, this.#options.clock.now());
    if (last && slot.doomed) {
      void this.remove(slot);
      return;
    }
    // There is room in it, or its memory can be had by eviction now.
    this.#options.onFreed();
  }

  /** An activation has left, and the container is not fit for another one: it goes when the others in it have left, too. */
  async discard(slot: Slot<Container>): Promise<void> {
    this.#pool.doom(slot);
    if (this.#pool.release(slot, this.#options.clock.now())) await this.remove(slot);
  }

  /** Kills what is in the slot, then frees its memory. */
  async remove(slot: Slot<Container>): Promise<void> {
    if (slot.state === 'removing') return;
    this.#pool.removing(slot);
    await this.#gone(slot);
  }

  /** Kills what no activation holds and starts nothing more. */
  async stopIdle(): Promise<void> {
    this.#stopped = true;
    this.#prewarmTimer?.();
    this.#sweepTimer?.();
    await Promise.all(this.#pool.slots().filter((slot) => slot.state !== 'busy').map((slot) => this.remove(slot)));
  }

  /** Kills everything. */
  async stop(): Promise<void> {
    await this.stopIdle();
    await Promise.all(this.#pool.slots().map((slot) => this.#end(slot)));
  }

  async #end(slot: Slot<Container>): Promise<void> {
    if (slot.state === 'removing') await slot.container?.box.kill();
    else await this.remove(slot);
  }

  async #gone(slot: Slot<Container>): Promise<void> {
    // What is just being started can be killed once it is there.
    await this.#starting.get(slot)?.catch(() => undefined);
    slot.container?.opened(false);
    await slot.container?.box.kill();
    this.#pool.removed(slot);
    this.#prewarmAfter(REPLACE_MS);
    this.#options.onFreed();
  }

  #follow(acquired: Acquired<Container>): void {
    if (acquired.type === 'prewarmed') this.#prewarmAfter(REPLACE_MS);
    if (acquired.type === 'wait') for (const slot of acquired.evict) void this.remove(slot);
  }

  #prewarmAfter(ms: number): void {
    if (this.#stopped || this.#options.prewarm.length === 0) return;
    this.#prewarmTimer?.();
    const wait = Math.max(ms, this.#noPrewarmBefore - this.#options.clock.now());
    this.#prewarmTimer = this.#options.clock.after(wait, () => {
      this.#prewarmTimer = undefined;
      void this.#prewarm();
    });
  }

  async #prewarm(): Promise<void> {
    for (const { kind, memoryMB, count } of this.#options.prewarm) {
      while (!this.#stopped && this.#pool.stemCells(kind, memoryMB) < count) {
        const slot = this.#pool.reserveStemCell(kind, memoryMB);
        if (slot === undefined) return;
        try {
          await this.started(slot);
          this.#pool.stemCellStarted(slot);
        } catch (error) {
          this.#options.logger.warn({ kind, error: String(error) }, 'cannot start a stem cell');
          this.#noPrewarmBefore = this.#options.clock.now() + PREWARM_PAUSE_MS;
          await this.remove(slot);
          break;
        }
      }
    }
  }
}

/** Containers are never shared between callers' namespaces, actions or revisions. */
function containerKey({ namespace, action }: ActivationMessage): string {
  return `${namespace}\n${action.path}\n${action.revision}`;
}
