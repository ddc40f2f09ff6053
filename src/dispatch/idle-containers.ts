/**
 * Where idle warm containers are, as far as the dispatcher can know: one joins when a call ends there, one goes when a
 * call is sent there, and the oldest of an invoker go when its memory is needed, which is what the invoker does, too.
 * Each container stands in two lists: the stack of its key (latest on top: those get used again, the others grow old
 * and make room) and the line of its invoker (oldest first). All operations are O(1), but for an invoker that goes.
 */
import type { IdleContainer, KeyStack, PlacedInvoker } from './placed-invoker.ts';

export class IdleContainers {
  readonly #stacks = new Map<string, KeyStack>();

  /** Number of keys that have an idle container. */
  get keys(): number {
    return this.#stacks.size;
  }

  /** The one that became idle last. */
  top(key: string): IdleContainer | undefined {
    return this.#stacks.get(key)?.top;
  }

  add(invoker: PlacedInvoker, key: string, memoryMB: number): void {
    let stack = this.#stacks.get(key);
    if (stack === undefined) {
      stack = { key, top: undefined };
      this.#stacks.set(key, stack);
    }
    const container: IdleContainer = {
      invoker, memoryMB, stack, above: undefined, below: stack.top, older: invoker.youngestIdle, younger: undefined,
    };
    if (stack.top !== undefined) stack.top.above = container;
    stack.top = container;
    if (invoker.youngestIdle === undefined) invoker.oldestIdle = container;
    else invoker.youngestIdle.younger = container;
    invoker.youngestIdle = container;
    invoker.idleMB += memoryMB;
    this.fit(invoker);
  }

  remove(container: IdleContainer): void {
    const { invoker, stack, above, below, older, younger } = container;
    if (above === undefined) stack.top = below;
    else above.below = below;
    if (below !== undefined) below.above = above;
    if (stack.top === undefined) this.#stacks.delete(stack.key);
    if (older === undefined) invoker.oldestIdle = younger;
    else older.younger = younger;
    if (younger === undefined) invoker.youngestIdle = older;
    else younger.older = older;
    invoker.idleMB -= container.memoryMB;
  }

  /** Forgets the oldest for which the invoker has no memory beside what it runs. */
  fit(invoker: PlacedInvoker): void {
    while (invoker.oldestIdle !== undefined && invoker.idleMB > invoker.freeMB) this.remove(invoker.oldestIdle);
  }

  forget(invoker: PlacedInvoker): void {
    while (invoker.oldestIdle !== undefined) this.remove(invoker.oldestIdle);
  }
}
