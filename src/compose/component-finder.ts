import { ApiError } from '../domain/errors.ts';
import type { Identity } from '../domain/identity.ts';
import type { Logger } from '../domain/logger.ts';
import type { InvocableAction } from '../entities/invocable-actions.ts';
import type { Obstacle } from './frame-step.ts';
import type { Patience } from './patience.ts';
import { Stopped } from './patience.ts';

/** Finds actions as this caller may invoke them. */
export interface ActionFinder {
  /** @param path `namespace/[package/]name` @returns undefined when there is none @throws {ApiError} 403 when there may be, but not for this caller */
  find(path: string, caller: Identity): Promise<InvocableAction | undefined>;
}

/** Finds the components of compositions, and says what stands in the way of those that cannot be invoked. */
export class ComponentFinder {
  readonly #actions: ActionFinder;
  readonly #patience: Patience;
  readonly #logger: Logger;

  constructor(actions: ActionFinder, patience: Patience, logger: Logger) {
    this.#actions = actions;
    this.#patience = patience;
    this.#logger = logger;
  }

  /** @throws {Stopped} */
  async find(path: string, caller: Identity): Promise<InvocableAction | Obstacle> {
    try {
      return await this.#patience.insist(() => this.#actions.find(path, caller)) ?? 'missing';
    } catch (error) {
      if (error instanceof Stopped) throw error;
      if (error instanceof ApiError) return error.status === 403 ? 'inaccessible' : 'missing';
      this.#logger.error({ err: error, action: path }, 'an action could not be looked up');
      return 'failed';
    }
  }

  /** Whether the caller may invoke all of these, as far as they exist. @throws {ApiError} 403 */
  async checkAccess(paths: readonly string[], caller: Identity): Promise<void> {
    await Promise.all(paths.map(async (path) => {
      try {
        await this.#actions.find(path, caller);
      } catch (error) {
        if (!(error instanceof ApiError) || error.status === 403) throw error;
      }
    }));
  }
}
