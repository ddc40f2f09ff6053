/**
 * Accepted messages without a record, each in its latest state, and the segment of the log that holds it.
 *
 * States of a message are numbered: what was accepted is state 0, each checkpoint (and each taking back of one that could
 * not be made durable) has the next number. Of all lines of a message that a log holds, the one with the highest number
 * counts, whatever order writing, failing and carrying over have brought them into.
 */
import type { ActivationId } from '../../domain/activation.ts';

export interface LiveMessage {
  readonly document: string;
  readonly state: number;
  readonly segment: number;
}

export class LiveMessages {
  readonly #messages = new Map<ActivationId, LiveMessage>();
  /** Highest number given to a state of a message, where it is not the state held. */
  readonly #numbers = new Map<ActivationId, number>();
  readonly #perSegment = new Map<number, number>();
  #characters = 0;

  /** Size of all documents together. */
  get characters(): number {
    return this.#characters;
  }

  countIn(segment: number): number {
    return this.#perSegment.get(segment) ?? 0;
  }

  /** @param id one that is not held yet */
  add(id: ActivationId, message: LiveMessage): void {
    this.#messages.set(id, message);
    this.#characters += message.document.length;
    this.#count(message.segment, 1);
  }

  has(id: ActivationId): boolean {
    return this.#messages.has(id);
  }

  get(id: ActivationId): LiveMessage | undefined {
    return this.#messages.get(id);
  }

  /** The number for the next state of a message that is held. */
  nextState(id: ActivationId): number {
    const number = Math.max(this.#messages.get(id)?.state ?? 0, this.#numbers.get(id) ?? 0) + 1;
    this.#numbers.set(id, number);
    return number;
  }

  /** The message is now in this state; nothing happens when it was settled meanwhile, or is in a later state. */
  replace(id: ActivationId, message: LiveMessage): void {
    const held = this.#messages.get(id);
    if (held === undefined || held.state > message.state) return;
    this.#messages.set(id, message);
    this.#characters += message.document.length - held.document.length;
    this.#count(held.segment, -1);
    this.#count(message.segment, 1);
  }

  settle(id: ActivationId): void {
    const message = this.#messages.get(id);
    if (message === undefined) return;
    this.#messages.delete(id);
    this.#numbers.delete(id);
    this.#characters -= message.document.length;
    this.#count(message.segment, -1);
  }

  idsIn(segment: number): ActivationId[] {
    return [...this.#messages].filter(([, message]) => message.segment === segment).map(([id]) => id);
  }

  ids(): ActivationId[] {
    return [...this.#messages.keys()];
  }

  #count(segment: number, change: number): void {
    const count = this.countIn(segment) + change;
    if (count === 0) this.#perSegment.delete(segment);
    else this.#perSegment.set(segment, count);
  }
}
