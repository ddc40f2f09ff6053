/**
 * Keeps process trees within their memory where no cgroup does: one timer looks at all trees, at the active ones
 * several times a second, at the others every few seconds. It reads the cheap figure (statm) and asks for the exact
 * one (Pss) only where the cheap one is above the limit. A tree can overshoot for as long as one period.
 */
import { processTree, proportionalBytes, residentBytes } from './process-tree.ts';

const PERIOD_MS = 200;
const IDLE_PERIODS = 10;

export interface WatchedTree {
  readonly pid: number;
  readonly limitBytes: number;
  active: boolean;
  /** Bytes of its files that live in memory. */
  fileBytes(): number;
  exceeded(): void;
}

export class MemoryWatchdog {
  readonly #trees = new Set<WatchedTree>();
  #timer: NodeJS.Timeout | undefined;
  #round = 0;

  add(tree: WatchedTree): void {
    this.#trees.add(tree);
    this.#timer ??= setInterval(() => { this.#look(); }, PERIOD_MS).unref();
  }

  delete(tree: WatchedTree): void {
    this.#trees.delete(tree);
    if (this.#trees.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    this.#round = (this.#round + 1) % IDLE_PERIODS;
    for (const tree of this.#trees) {
      if ((tree.active || this.#round === 0) && usedBytes(tree) > tree.limitBytes) tree.exceeded();
    }
  }
}

function usedBytes(tree: WatchedTree): number {
  const pids = processTree(tree.pid);
  const files = tree.fileBytes();
  const resident = residentBytes(pids) + files;
  return resident <= tree.limitBytes ? resident : proportionalBytes(pids) + files;
}
