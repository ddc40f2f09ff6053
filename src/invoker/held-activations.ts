/**
 * Everything this invoker owes the controller an answer for. An activation is waiting (nothing of it has run), running,
 * or answered (completed or returned); it stays here until the controller acknowledges the answer, and the answer is
 * sent again after every reconnect until then.
 */
import type { ActivationId, ActivationMessage, ActivationOutcome } from '../domain/activation.ts';
import type { ToController } from '../link/messages.ts';

export type Answer =
  | { type: 'complete'; outcome: ActivationOutcome }
  | { type: 'return'; reason: 'not-started' | 'interrupted' };

export interface HeldActivation {
  readonly message: ActivationMessage;
  /** Which connection brought it. */
  readonly connection: number;
  state: 'waiting' | 'running' | 'answered';
  answer: Answer | undefined;
}

export class HeldActivations {
  readonly #held = new Map<ActivationId, HeldActivation>();
  readonly #send: (message: ToController) => void;
  #connection = 0;
  #unanswered = 0;
  #whenSettled: (() => void) | undefined;
  #whenAcknowledged: (() => void) | undefined;

  constructor(send: (message: ToController) => void) {
    this.#send = send;
  }

  get ids(): ActivationId[] {
    return [...this.#held.keys()];
  }

  /** Waiting or running. */
  get unanswered(): number {
    return this.#unanswered;
  }

  newConnection(): void {
    this.#connection += 1;
  }

  /** Undefined when it is known already; an answer to it that may have been lost goes out again. */
  add(message: ActivationMessage): HeldActivation | undefined {
    const known = this.#held.get(message.activationId);
    if (known !== undefined) {
      this.#sendAnswer(known);
      return undefined;
    }
    const held: HeldActivation = { message, connection: this.#connection, state: 'waiting', answer: undefined };
    this.#held.set(message.activationId, held);
    this.#unanswered += 1;
    return held;
  }

  /** The first answer counts; false for any later one. */
  answer(held: HeldActivation, answer: Answer): boolean {
    if (held.state === 'answered') return false;
    held.state = 'answered';
    held.answer = answer;
    this.#unanswered -= 1;
    this.#sendAnswer(held);
    if (this.#unanswered === 0) this.#whenSettled?.();
    return true;
  }

  acknowledged(ids: readonly ActivationId[]): void {
    for (const id of ids) {
      if (this.#held.get(id)?.state === 'answered') this.#held.delete(id);
    }
    if (this.#held.size === 0) this.#whenAcknowledged?.();
  }

  sendAnswersAgain(): void {
    for (const held of this.#held.values()) this.#sendAnswer(held);
  }

  in(state: 'waiting' | 'running'): HeldActivation[] {
    return [...this.#held.values()].filter((held) => held.state === state);
  }

  /** Resolves when nothing is waiting or running. */
  settled(): Promise<void> {
    if (this.#unanswered === 0) return Promise.resolve();
    return new Promise((resolve) => { this.#whenSettled = resolve; });
  }

  /** Resolves when every answer is acknowledged. */
  allAcknowledged(): Promise<void> {
    if (this.#held.size === 0) return Promise.resolve();
    return new Promise((resolve) => { this.#whenAcknowledged = resolve; });
  }

  #sendAnswer(held: HeldActivation): void {
    const { answer, message, connection } = held;
    const { activationId } = message;
    switch (answer?.type) {
      case 'complete':
        // A controller that has been restarted since knows nothing of it.
        this.#send({ type: 'complete', activationId, outcome: answer.outcome, ...(connection === this.#connection ? {} : { message }) });
        return;
      case 'return':
        this.#send({ type: 'return', activationId, reason: answer.reason });
        return;
      case undefined:
    }
  }
}
