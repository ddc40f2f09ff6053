/**
 * Which containers an invoker has and what they cost in memory: bookkeeping only, no processes.
 *
 * A slot is `busy` (reserved for an activation, started or not), `idle` (warm: initialized with an action, waiting),
 * `starting`/`prewarmed` (a stem cell: a runtime without an action), or `removing` (its memory is free only when its
 * processes are gone). For an activation the best of: a warm slot of its key, a stem cell of its kind and memory, free
 * memory, what evictions free. Stem cells are evicted before warm slots, those in the order of their last use.
 * A slot whose action lets several activations in at a time is busy as long as it has one, and takes more while it has room
 * (`shared`). One that is not fit for more (`doomed`) is removed when the last has left.
 * The sum over all slots never exceeds the memory of the pool.
 */
export type SlotState = 'busy' | 'idle' | 'starting' | 'prewarmed' | 'removing';

export interface Slot<Container> {
  readonly kind: string;
  readonly memoryMB: number;
  /** Action at a revision for a calling namespace; none for a stem cell. */
  key: string | undefined;
  state: SlotState;
  container: Container | undefined;
  /** Activations in it, and how many it takes. */
  running: number;
  concurrency: number;
  doomed: boolean;
  /** Epoch ms of the last release. */
  lastUsed: number;
}

export interface SlotRequest { key: string; kind: string; memoryMB: number; concurrency: number }

export type Acquired<Container> =
  | { type: 'shared' | 'warm' | 'prewarmed' | 'cold'; slot: Slot<Container> }
  /** No memory now: remove these (maybe none), then ask again when memory has come free. */
  | { type: 'wait'; evict: Slot<Container>[] }
  /** It would not fit into the empty pool. */
  | { type: 'never' };

export class ContainerPool<Container> {
  readonly memoryMB: number;
  /** In order of last use, oldest first. */
  readonly #idle = new Set<Slot<Container>>();
  readonly #idleByKey = new Map<string, Slot<Container>[]>();
  readonly #stemCells = new Set<Slot<Container>>();
  readonly #others = new Set<Slot<Container>>();
  /** Busy slots with room, by key; filled one after the other. */
  readonly #withRoom = new Map<string, Set<Slot<Container>>>();
  #usedMB = 0;
  #busyMB = 0;
  #removingMB = 0;

  constructor(memoryMB: number) {
    this.memoryMB = memoryMB;
  }

  /** What new work could get: everything but what activations hold. */
  get availableMB(): number {
    return this.memoryMB - this.#busyMB;
  }

  get usedMB(): number {
    return this.#usedMB;
  }

  slots(): Slot<Container>[] {
    return [...this.#idle, ...this.#stemCells, ...this.#others];
  }

  acquire(request: SlotRequest): Acquired<Container> {
    const shared = this.shared(request.key);
    if (shared !== undefined) return { type: 'shared', slot: shared };
    const warm = this.warm(request.key);
    if (warm !== undefined) return { type: 'warm', slot: warm };
    for (const slot of this.#stemCells) {
      if (slot.state !== 'prewarmed' || slot.kind !== request.kind || slot.memoryMB !== request.memoryMB) continue;
      this.#stemCells.delete(slot);
      this.#makeBusy(slot, request.key, request.concurrency);
      return { type: 'prewarmed', slot };
    }
    if (request.memoryMB > this.memoryMB) return { type: 'never' };
    if (this.#usedMB + request.memoryMB > this.memoryMB) return { type: 'wait', evict: this.#evictFor(request.memoryMB) };
    const slot = this.#newSlot(request.kind, request.memoryMB, 'busy');
    this.#makeBusy(slot, request.key, request.concurrency);
    return { type: 'cold', slot };
  }

  /** A busy slot of this key that takes one more, which it has then. */
  shared(key: string): Slot<Container> | undefined {
    for (const slot of this.#withRoom.get(key) ?? []) {
      slot.running += 1;
      this.#listRoom(slot);
      return slot;
    }
    return undefined;
  }

  /** The warm slot of this key that was used last, made busy. */
  warm(key: string): Slot<Container> | undefined {
    const slots = this.#idleByKey.get(key);
    const slot = slots?.pop();
    if (slot === undefined) return undefined;
    if (slots?.length === 0) this.#idleByKey.delete(key);
    this.#idle.delete(slot);
    this.#makeBusy(slot, key, slot.concurrency);
    return slot;
  }

  /** Takes nobody in any more. */
  doom(slot: Slot<Container>): void {
    slot.doomed = true;
    this.#listRoom(slot);
  }

  /** An activation has left a busy slot. The last one leaves the container warm. @returns whether it was the last */
  release(slot: Slot<Container>, now: number): boolean {
    if (slot.state !== 'busy' || slot.key === undefined) return true;
    slot.running -= 1;
    this.#listRoom(slot);
    if (slot.running > 0) return false;
    if (slot.doomed) return true;
    this.#others.delete(slot);
    this.#busyMB -= slot.memoryMB;
    slot.state = 'idle';
    slot.lastUsed = now;
    this.#idle.add(slot);
    const slots = this.#idleByKey.get(slot.key);
    if (slots === undefined) this.#idleByKey.set(slot.key, [slot]);
    else slots.push(slot);
    return true;
  }

  /** Memory for a stem cell, but only if none has to be taken from anyone. */
  reserveStemCell(kind: string, memoryMB: number): Slot<Container> | undefined {
    if (this.#usedMB + memoryMB > this.memoryMB) return undefined;
    const slot = this.#newSlot(kind, memoryMB, 'starting');
    this.#stemCells.add(slot);
    return slot;
  }

  stemCells(kind: string, memoryMB: number): number {
    let count = 0;
    for (const slot of this.#stemCells) if (slot.kind === kind && slot.memoryMB === memoryMB) count += 1;
    return count;
  }

  /** Its runtime was spawned. False when it was evicted meanwhile. */
  stemCellStarted(slot: Slot<Container>): boolean {
    if (slot.state !== 'starting') return false;
    slot.state = 'prewarmed';
    return true;
  }

  /** Its processes are about to be killed. Idempotent. */
  removing(slot: Slot<Container>): void {
    if (slot.state === 'removing') return;
    if (slot.state === 'busy') this.#busyMB -= slot.memoryMB;
    this.#idle.delete(slot);
    this.#stemCells.delete(slot);
    if (slot.state === 'idle' && slot.key !== undefined) {
      const slots = this.#idleByKey.get(slot.key)?.filter((other) => other !== slot) ?? [];
      if (slots.length === 0) this.#idleByKey.delete(slot.key);
      else this.#idleByKey.set(slot.key, slots);
    }
    this.#others.add(slot);
    slot.state = 'removing';
    this.#listRoom(slot);
    this.#removingMB += slot.memoryMB;
  }

  /** They are gone. */
  removed(slot: Slot<Container>): void {
    if (!this.#others.delete(slot)) return;
    this.#removingMB -= slot.memoryMB;
    this.#usedMB -= slot.memoryMB;
  }

  /** Warm slots that were last used before then. */
  idleSince(before: number): Slot<Container>[] {
    const old: Slot<Container>[] = [];
    for (const slot of this.#idle) {
      if (slot.lastUsed >= before) break;
      old.push(slot);
    }
    return old;
  }

  #newSlot(kind: string, memoryMB: number, state: SlotState): Slot<Container> {
    this.#usedMB += memoryMB;
    return { kind, memoryMB, key: undefined, state, container: undefined, running: 0, concurrency: 1, doomed: false, lastUsed: 0 };
  }

  #makeBusy(slot: Slot<Container>, key: string, concurrency: number): void {
    slot.key = key;
    slot.state = 'busy';
    slot.running = 1;
    slot.concurrency = concurrency;
    if (concurrency > 1) this.#listRoom(slot);
    this.#busyMB += slot.memoryMB;
    this.#others.add(slot);
  }

  #listRoom(slot: Slot<Container>): void {
    if (slot.concurrency === 1 || slot.key === undefined) return;
    const listed = this.#withRoom.get(slot.key);
    if (slot.state === 'busy' && !slot.doomed && slot.running > 0 && slot.running < slot.concurrency) {
      if (listed === undefined) this.#withRoom.set(slot.key, new Set([slot]));
      else listed.add(slot);
    } else if (listed?.delete(slot) === true && listed.size === 0) {
      this.#withRoom.delete(slot.key);
    }
  }

  #evictFor(memoryMB: number): Slot<Container>[] {
    const evicted: Slot<Container>[] = [];
    let missing = memoryMB - (this.memoryMB - this.#usedMB + this.#removingMB);
    for (const candidates of [this.#stemCells, this.#idle]) {
      for (const slot of candidates) {
        if (missing <= 0) return evicted;
        evicted.push(slot);
        missing -= slot.memoryMB;
      }
    }
    // Even all of it would not do: nobody is evicted for nothing.
    return missing <= 0 ? evicted : [];
  }
}
