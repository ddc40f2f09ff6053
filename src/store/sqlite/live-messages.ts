import type { ActivationId } from '../../domain/activation.ts';

interface LiveMessage {
  document: string;
  segment: number;
}

/** Accepted messages without a record, and the segment of the log that holds each. */
export class LiveMessages {
  readonly #messages = new Map<ActivationId, LiveMessage>();
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
  add(id: ActivationId, document: string, segment: number): void {
    this.#messages.set(id, { document, segment });
    this.#characters += document.length;
    this.#count(segment, 1);
  }

  has(id: ActivationId): boolean {
    return this.#messages.has(id);
  }

  /** The message now stands in another segment; nothing happens when it was settled meanwhile. */
  move(id: ActivationId, segment: number): void {
    const message = this.#messages.get(id);
    if (message === undefined) return;
    this.#count(message.segment, -1);
    this.#count(segment, 1);
    message.segment = segment;
  }

  settle(id: ActivationId): void {
    const message = this.#messages.get(id);
    if (message === undefined) return;
    this.#messages.delete(id);
    this.#characters -= message.document.length;
    this.#count(message.segment, -1);
  }

  idsIn(segment: number): ActivationId[] {
    return [...this.#messages].filter(([, message]) => message.segment === segment).map(([id]) => id);
  }

  ids(): ActivationId[] {
    return [...this.#messages.keys()];
  }

  document(id: ActivationId): string | undefined {
    return this.#messages.get(id)?.document;
  }

  #count(segment: number, change: number): void {
    const count = this.countIn(segment) + change;
    if (count === 0) this.#perSegment.delete(segment);
    else this.#perSegment.set(segment, count);
  }
}
