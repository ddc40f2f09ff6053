/**
 * Polls until `done` accepts what `look` sees; daemons and schedulers give no event to wait for.
 * @throws {Error} after `timeoutMs`, naming what was waited for and the last thing seen.
 */
export async function waitUntil<T>(
  what: string, look: () => T | Promise<T>, done: (seen: T) => boolean, options: { timeoutMs: number; everyMs?: number },
): Promise<T> {
  const deadline = Date.now() + options.timeoutMs;
  for (;;) {
    const seen = await look();
    if (done(seen)) return seen;
    if (Date.now() > deadline) throw new Error(`waited ${options.timeoutMs / 1000} s for ${what}; last seen: ${describe(seen)}`);
    await new Promise((resolve) => { setTimeout(resolve, options.everyMs ?? 50); });
  }
}

function describe(seen: unknown): string {
  return typeof seen === 'string' ? seen : seen === undefined ? 'nothing' : JSON.stringify(seen);
}
