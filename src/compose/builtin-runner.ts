import type { Clock } from '../clock/clock.ts';
import { activationRecord, type ActivationMessage, type ActivationRecord, type ActivationResponse } from '../domain/activation.ts';
import { ApiError } from '../domain/errors.ts';
import type { Identity } from '../domain/identity.ts';
import { isJsonObject } from '../domain/json.ts';
import type { Logger } from '../domain/logger.ts';
import type { Builtins } from './builtins.ts';
import { errorResponse, hasError, response } from './responses.ts';

/** Runs a function of the platform and says what became of it, as an invoker would of an action. */
export class BuiltinRunner {
  readonly #builtins: Builtins;
  readonly #clock: Clock;
  readonly #logger: Logger;

  constructor(builtins: Builtins, clock: Clock, logger: Logger) {
    this.#builtins = builtins;
    this.#clock = clock;
    this.#logger = logger;
  }

  async run(builtin: string, message: ActivationMessage, identity: Identity): Promise<ActivationRecord> {
    const start = this.#clock.now();
    const answer = await this.#answer(builtin, message, identity);
    const end = this.#clock.now();
    return activationRecord(message, {
      response: answer, start, end, duration: end - start, waitTime: Math.max(0, start - message.acceptedAt), timedOut: false, logs: [],
    });
  }

  async #answer(name: string, { args, activationId, transactionId }: ActivationMessage, identity: Identity): Promise<ActivationResponse> {
    const builtin = this.#builtins.get(name);
    if (builtin === undefined) return errorResponse(3, `This controller has no built-in '${name}'.`);
    try {
      const result = await builtin({ identity, args: isJsonObject(args) ? args : { value: args }, activationId, transactionId });
      return response(hasError(result) ? 1 : 0, result);
    } catch (error) {
      if (error instanceof ApiError) return errorResponse(1, error.message);
      this.#logger.error({ err: error, builtin: name, activationId }, 'a built-in action failed');
      return errorResponse(3, 'There was an internal server error.');
    }
  }
}
