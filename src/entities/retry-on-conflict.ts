import { RevisionConflict } from '../store/store.ts';

/** Of those that want the same thing at once, one gets on with each attempt. */
const ATTEMPTS = 100;

/**
 * For changes that read several entities and write them together: one of them may change in between without any
 * quarrel about what the caller wants. Then all is read and decided anew.
 * @throws {RevisionConflict} when it went so every time
 */
export async function retryOnConflict<Result>(attempt: () => Promise<Result>): Promise<Result> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof RevisionConflict) || attempts === ATTEMPTS) throw error;
    }
  }
}
