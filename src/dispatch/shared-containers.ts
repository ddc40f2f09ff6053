/**
 * Containers that several calls of one action share (its limit `concurrency` is above one), as far as the dispatcher can
 * know: per invoker and key, so many calls fill so many containers, and memory is booked per container. Which call is in
 * which container is the invoker's to say. It fills them one after the other, so that the count is right unless calls
 * end out of turn; then the invoker has a container more than is booked, and makes what does not fit wait a moment.
 */
import type { PlacedInvoker } from './placed-invoker.ts';

interface Group { readonly invoker: PlacedInvoker; readonly key: string; readonly concurrency: number; running: number }

export class SharedContainers {
  readonly #byInvoker = new Map<PlacedInvoker, Map<string, Group>>();
  /** Those with room in a container that runs already. */
  readonly #withRoom = new Map<string, Set<Group>>();

  /** Invokers that have room for another call of this key without more memory. */
  * withRoom(key: string): Generator<PlacedInvoker, void> {
    for (const { invoker } of this.#withRoom.get(key) ?? []) yield invoker;
  }

  hasRoom(invoker: PlacedInvoker, key: string): boolean {
    const group = this.#byInvoker.get(invoker)?.get(key);
    return group !== undefined && hasRoom(group);
  }

  enter(invoker: PlacedInvoker, key: string, concurrency: number): void {
    let groups = this.#byInvoker.get(invoker);
    if (groups === undefined) {
      groups = new Map<string, Group>();
      this.#byInvoker.set(invoker, groups);
    }
    let group = groups.get(key);
    if (group === undefined) {
      group = { invoker, key, concurrency, running: 0 };
      groups.set(key, group);
    }
    group.running += 1;
    this.#list(group);
  }

  /** @returns whether a container has become empty */
  leave(invoker: PlacedInvoker, key: string): boolean {
    const groups = this.#byInvoker.get(invoker);
    const group = groups?.get(key);
    if (groups === undefined || group === undefined) return true;
    group.running -= 1;
    this.#list(group);
    if (group.running === 0) groups.delete(key);
    if (groups.size === 0) this.#byInvoker.delete(invoker);
    return !hasRoom(group);
  }

  forget(invoker: PlacedInvoker): void {
    for (const group of this.#byInvoker.get(invoker)?.values() ?? []) this.#unlist(group);
    this.#byInvoker.delete(invoker);
  }

  #list(group: Group): void {
    if (!hasRoom(group)) {
      this.#unlist(group);
      return;
    }
    const listed = this.#withRoom.get(group.key);
    if (listed === undefined) this.#withRoom.set(group.key, new Set([group]));
    else listed.add(group);
  }

  #unlist(group: Group): void {
    const listed = this.#withRoom.get(group.key);
    if (listed?.delete(group) === true && listed.size === 0) this.#withRoom.delete(group.key);
  }
}

/** The last of its containers is not full. */
function hasRoom({ running, concurrency }: Group): boolean {
  return running % concurrency !== 0;
}
