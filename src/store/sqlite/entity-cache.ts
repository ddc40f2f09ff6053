import type { StoredEntity } from '../store.ts';

interface Entry {
  stored: StoredEntity;
  characters: number;
}

/** Entities by path, the least recently used leaving first. */
export class EntityCache {
  readonly #limit: number;
  readonly #entries = new Map<string, Entry>();
  #characters = 0;

  /** @param limit characters of all documents together */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get(path: string): StoredEntity | undefined {
    const entry = this.#entries.get(path);
    if (entry === undefined) return undefined;
    // A Map keeps the order of insertion: re-inserting makes it the most recent. Not needed while everything fits easily.
    if (this.#characters * 2 > this.#limit) {
      this.#entries.delete(path);
      this.#entries.set(path, entry);
    }
    return entry.stored;
  }

  set(path: string, stored: StoredEntity, characters: number): void {
    this.delete(path);
    if (characters > this.#limit) return;
    this.#entries.set(path, { stored, characters });
    this.#characters += characters;
    for (const oldest of this.#entries.keys()) {
      if (this.#characters <= this.#limit) return;
      this.delete(oldest);
    }
  }

  delete(path: string): void {
    this.#characters -= this.#entries.get(path)?.characters ?? 0;
    this.#entries.delete(path);
  }
}
