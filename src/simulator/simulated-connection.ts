import type { InvokerConnection, LinkHandler } from '../link/link.ts';
import type { InvokerDescription, ToController, ToInvoker } from '../link/messages.ts';
import type { EventClock } from './event-clock.ts';

/**
 * One way over the link, ms: a warm call of a function that does nothing takes 0.79 ms door to door, of which a bare HTTP
 * echo takes 0.21 (docs/benchmarks.md); half of the rest lies on each side of the invoker.
 */
const ONE_WAY_MS = 0.29;

/**
 * An invoker's connection: a stand-in for the link's transport. Messages arrive in order, none is lost, and what was sent
 * before the end of the invoker arrives before the controller hears of that.
 */
export class SimulatedConnection implements InvokerConnection {
  readonly description: InvokerDescription;
  readonly #clock: EventClock;
  readonly #controller: LinkHandler;
  readonly #received: (message: ToInvoker) => void;
  #open = true;

  /** Joins. */
  constructor(clock: EventClock, controller: LinkHandler, description: InvokerDescription, received: (message: ToInvoker) => void) {
    this.#clock = clock;
    this.#controller = controller;
    this.description = description;
    this.#received = received;
    clock.after(ONE_WAY_MS, () => { controller.joined(this); });
  }

  /** To the invoker. */
  send(message: ToInvoker): void {
    this.#clock.at(this.#clock.now() + ONE_WAY_MS, () => { if (this.#open) this.#received(message); });
  }

  toController(message: Exclude<ToController, { type: 'join' }>): void {
    const arrive = (): void => { this.#controller.received(this, message); };
    // A heartbeat writes nothing to the store, so nothing has to settle behind it; there are a million a day.
    if (message.type === 'heartbeat') this.#clock.at(this.#clock.now() + ONE_WAY_MS, arrive);
    else this.#clock.after(ONE_WAY_MS, arrive);
  }

  /** The invoker is gone. */
  hangUp(): void {
    this.#open = false;
    this.#clock.after(ONE_WAY_MS, () => { this.#controller.closed(this); });
  }

  close(): void {
    // Only after silence, or for an invoker that joins twice.
    if (this.#open) throw new Error(`the controller gives up invoker ${this.description.invokerId}, which lives`);
  }
}
