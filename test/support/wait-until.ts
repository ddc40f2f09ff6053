/** Polls until `probe` returns something other than undefined or false; a time-out tells the last state that `describe` saw. */
export async function waitUntil<T>(
  what: string, probe: () => T | undefined | false | Promise<T | undefined | false>, options: { timeoutMs?: number; describe?: () => unknown } = {},
): Promise<T> {
  const { timeoutMs = 30_000, describe } = options;
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) {
      const state: unknown = await describe?.();
      throw new Error(`timed out after ${timeoutMs} ms waiting until ${what}${describe === undefined ? '' : `; last state: ${typeof state === 'string' ? state : JSON.stringify(state)}`}`);
    }
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
}
