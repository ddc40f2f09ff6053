/** For what comes about a moment after the answer. */
const TRIES = 1000;
const PAUSE_MS = 10;

/** Asks again until there is something. */
export async function waitUntil<Result>(ask: () => Promise<Result | undefined>): Promise<Result> {
  for (let tries = 0; tries < TRIES; tries++) {
    const result = await ask();
    if (result !== undefined) return result;
    await new Promise((resolve) => { setTimeout(resolve, PAUSE_MS); });
  }
  throw new Error(`nothing came within ${TRIES * PAUSE_MS} ms`);
}
