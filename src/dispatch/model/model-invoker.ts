/**
 * An invoker as the protocol has it, on a clock that others turn: it runs what it is assigned, keeps completions and
 * returns until they are acknowledged, sends them again after a reconnect, and can be killed, cut off and drained at
 * any moment. It watches what a real one would suffer from: too much memory at once, the same call twice.
 */
import type { CancelTimer } from '../../clock/clock.ts';
import type { VirtualClock } from '../../clock/virtual-clock.ts';
import type { ActivationId, ActivationMessage, ActivationOutcome } from '../../domain/activation.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { InvokerDescription, ToController, ToInvoker } from '../../link/messages.ts';

export interface ModelConnection {
  readonly invoker: ModelInvoker;
  readonly description: InvokerDescription;
  /** Neither side has given it up. */
  open: boolean;
  /** Nothing passes, and nobody knows. */
  partitioned: boolean;
}

export interface ModelNetwork {
  /** Undefined while the controller is down. */
  dial(invoker: ModelInvoker, description: InvokerDescription): ModelConnection | undefined;
  send(connection: ModelConnection, message: Exclude<ToController, { type: 'join' }>): void;
  /** The invoker's side is gone; the controller hears of it, or not. */
  hangUp(connection: ModelConnection, heard: boolean): void;
  started(message: ActivationMessage): void;
  /** A completion is acknowledged. */
  acknowledged(id: ActivationId): void;
  violation(text: string): void;
}

export interface ModelInvokerOptions {
  id: string;
  memoryMB: number;
  leaseEndsAt: number | null;
  latencyMs: number;
}

interface Running { message: ActivationMessage; connection: ModelConnection; cancel: CancelTimer }
interface Finished { outcome: ActivationOutcome; message: ActivationMessage; connection: ModelConnection }

const REDIAL_MS = 100;
const ACK_WAIT_MS = 500;
const HOLD_MS = 1_000;

export class ModelInvoker {
  readonly options: ModelInvokerOptions;
  connection: ModelConnection | undefined;
  alive = true;
  draining = false;
  readonly running = new Map<ActivationId, Running>();
  readonly unacked = new Map<ActivationId, Finished>();
  readonly returned = new Map<ActivationId, 'not-started' | 'interrupted'>();
  /** The last acknowledged one, for a duplicate. */
  #settled: { id: ActivationId; finished: Finished } | undefined;
  readonly #clock: VirtualClock;
  readonly #network: ModelNetwork;
  readonly #cancelHeartbeat: CancelTimer;

  constructor(options: ModelInvokerOptions, clock: VirtualClock, network: ModelNetwork) {
    this.options = options;
    this.#clock = clock;
    this.#network = network;
    this.#cancelHeartbeat = clock.every(1_000, () => { this.#heartbeat(); });
    if (options.leaseEndsAt !== null) clock.after(Math.max(0, options.leaseEndsAt - clock.now()), () => { this.kill(true); });
    this.#dial();
  }

  get usedMB(): number {
    let used = 0;
    for (const { message } of this.running.values()) used += message.action.limits.memory;
    return used;
  }

  receive(connection: ModelConnection, message: ToInvoker): void {
    if (!this.alive || connection !== this.connection) return;
    switch (message.type) {
      case 'assign': this.#run(message.message, connection); return;
      case 'ack':
        for (const id of message.ids) {
          const finished = this.unacked.get(id);
          if (finished !== undefined) {
            this.#settled = { id, finished };
            this.#network.acknowledged(id);
          }
          this.unacked.delete(id);
          this.returned.delete(id);
        }
        return;
      case 'drain': this.drain(true); return;
      case 'welcome': case 'refuse': case 'code': return;
    }
  }

  /** SIGKILL, or the node is gone. */
  kill(heard: boolean): void {
    if (!this.alive) return;
    this.alive = false;
    this.#cancelHeartbeat();
    for (const { cancel } of this.running.values()) cancel();
    this.running.clear();
    this.unacked.clear();
    if (this.connection !== undefined) this.#network.hangUp(this.connection, heard);
    this.connection = undefined;
  }

  /** SIGTERM. */
  drain(hold: boolean): void {
    if (!this.alive || this.draining) return;
    this.draining = true;
    this.#send({ type: 'draining', cause: 'preempted' });
    const interrupt = (): void => {
      if (!this.alive) return;
      for (const [id, { cancel }] of this.running) {
        cancel();
        this.running.delete(id);
        this.#return(id, 'interrupted');
      }
      this.#clock.after(ACK_WAIT_MS, () => {
        if (!this.alive) return;
        this.#send({ type: 'leave', cause: 'preempted' });
        this.kill(true);
      });
    };
    if (hold) this.#clock.after(HOLD_MS, interrupt);
    else interrupt();
  }

  /** The connection is over; it dials again after a while. */
  disconnected(redialMs: number): void {
    this.connection = undefined;
    this.#clock.after(redialMs, () => { this.#dial(); });
  }

  /** Says again what has been acknowledged already, as one does whose acknowledgement was lost. */
  repeatItself(): void {
    if (this.#settled === undefined) return;
    const { id, finished } = this.#settled;
    this.#send({ type: 'complete', activationId: id, outcome: finished.outcome, message: finished.message });
  }

  #dial(): void {
    if (!this.alive || this.connection !== undefined) return;
    const { id, memoryMB, leaseEndsAt } = this.options;
    const held = [...this.running.keys(), ...this.unacked.keys(), ...this.returned.keys()];
    this.connection = this.#network.dial(this, { invokerId: id, node: id, memoryMB, leaseEndsAt, held });
    if (this.connection === undefined) {
      this.#clock.after(REDIAL_MS, () => { this.#dial(); });
      return;
    }
    this.#heartbeat();
    for (const [activationId, { outcome, message }] of this.unacked) this.#send({ type: 'complete', activationId, outcome, message });
    for (const [activationId, reason] of this.returned) this.#send({ type: 'return', activationId, reason });
  }

  #run(message: ActivationMessage, connection: ModelConnection): void {
    const id = message.activationId;
    if (this.running.has(id)) {
      this.#network.violation(`${id} is assigned to ${this.options.id}, which runs it`);
      return;
    }
    if (this.draining) {
      this.#return(id, 'not-started');
      return;
    }
    if (this.usedMB + message.action.limits.memory > this.options.memoryMB) {
      this.#network.violation(`${this.options.id} runs ${this.usedMB} of ${this.options.memoryMB} MB and is assigned ${message.action.limits.memory} more`);
    }
    this.#network.started(message);
    const begun = this.#clock.now();
    const cancel = this.#clock.after(Number((message.args as JsonObject)['durationMs']), () => {
      this.running.delete(id);
      const end = this.#clock.now();
      const outcome: ActivationOutcome = {
        response: { statusCode: 0, result: { by: this.options.id, at: end }, size: 20 },
        start: begun, end, duration: end - begun, waitTime: begun - message.acceptedAt, timedOut: false, logs: [],
      };
      this.unacked.set(id, { outcome, message, connection });
      this.#send({ type: 'complete', activationId: id, outcome, ...(connection === this.connection ? {} : { message }) });
    });
    this.running.set(id, { message, connection, cancel });
  }

  #return(id: ActivationId, reason: 'not-started' | 'interrupted'): void {
    this.returned.set(id, reason);
    this.#send({ type: 'return', activationId: id, reason });
  }

  #heartbeat(): void {
    const { memoryMB, leaseEndsAt } = this.options;
    this.#send({ type: 'heartbeat', freeMemoryMB: memoryMB - this.usedMB, running: this.running.size, leaseEndsAt });
  }

  #send(message: Exclude<ToController, { type: 'join' }>): void {
    if (this.connection !== undefined) this.#network.send(this.connection, message);
  }
}
