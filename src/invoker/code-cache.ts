import type { RunnableExec } from '../domain/action.ts';

export type CodeAnswer = RunnableExec | null;

/**
 * Code of actions by path and revision: asked for once over the link, kept while there is room (oldest use goes first).
 * What is asked for and not answered is asked again after a reconnect.
 */
export class CodeCache {
  readonly #ask: (path: string, revision: string) => void;
  readonly #maxBytes: number;
  readonly #kept = new Map<string, RunnableExec>();
  readonly #wanted = new Map<string, { path: string; revision: string; waiting: ((exec: CodeAnswer) => void)[] }>();
  #bytes = 0;

  constructor(ask: (path: string, revision: string) => void, maxBytes: number) {
    this.#ask = ask;
    this.#maxBytes = maxBytes;
  }

  /** Null when there is no such action at this revision any more. */
  get(path: string, revision: string): Promise<CodeAnswer> {
    const key = cacheKey(path, revision);
    const kept = this.#kept.get(key);
    if (kept !== undefined) {
      this.#kept.delete(key);
      this.#kept.set(key, kept);
      return Promise.resolve(kept);
    }
    return new Promise((resolve) => {
      const wanted = this.#wanted.get(key);
      if (wanted !== undefined) {
        wanted.waiting.push(resolve);
        return;
      }
      this.#wanted.set(key, { path, revision, waiting: [resolve] });
      this.#ask(path, revision);
    });
  }

  received(path: string, revision: string, exec: CodeAnswer): void {
    const key = cacheKey(path, revision);
    const wanted = this.#wanted.get(key);
    this.#wanted.delete(key);
    if (exec !== null) this.#keep(key, exec);
    for (const resolve of wanted?.waiting ?? []) resolve(exec);
  }

  askAgain(): void {
    for (const { path, revision } of this.#wanted.values()) this.#ask(path, revision);
  }

  #keep(key: string, exec: RunnableExec): void {
    const before = this.#kept.get(key);
    if (before !== undefined) this.#bytes -= codeLength(before);
    this.#kept.delete(key);
    this.#kept.set(key, exec);
    this.#bytes += codeLength(exec);
    for (const [oldest, kept] of this.#kept) {
      if (this.#bytes <= this.#maxBytes || oldest === key) break;
      this.#kept.delete(oldest);
      this.#bytes -= codeLength(kept);
    }
  }
}

/** An image may need no code. */
function codeLength({ code = '' }: RunnableExec): number {
  return code.length;
}

function cacheKey(path: string, revision: string): string {
  return `${path}\n${revision}`;
}
