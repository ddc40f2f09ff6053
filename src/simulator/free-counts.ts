/**
 * How many nodes are free, by stretches of time, each of which lasts until the next one begins. Stretches lie in blocks that
 * know the least and the most of their counts, so that a search passes over most blocks, and what is taken from a whole
 * block is written down once.
 */
interface Block {
  begins: number[];
  /** To each belongs `offset`, too. */
  counts: number[];
  offset: number;
  /** Of `counts`. */
  least: number;
  most: number;
}

export class FreeCounts {
  readonly #blocks: Block[] = [];
  readonly #blockSize: number;

  /** @param begins of the stretches, ascending, at least one @param counts of them */
  constructor(begins: readonly number[], counts: readonly number[], blockSize = 64) {
    this.#blockSize = blockSize;
    for (let from = 0; from < begins.length; from += blockSize) this.#blocks.push(blockOf(begins.slice(from, from + blockSize), counts.slice(from, from + blockSize)));
  }

  /** Lets a stretch begin at `at`, which is not before the first one. */
  split(at: number): void {
    const index = this.#blockAt(at);
    const block = this.#blocks[index];
    if (block === undefined) return;
    const place = firstNotBefore(block.begins, at);
    if (block.begins[place] === at) return;
    block.begins.splice(place, 0, at);
    block.counts.splice(place, 0, block.counts[place - 1] ?? 0);
    if (block.begins.length < 2 * this.#blockSize) return;
    const halves = [block.begins.slice(0, this.#blockSize), block.begins.slice(this.#blockSize)] as const;
    const counts = [block.counts.slice(0, this.#blockSize), block.counts.slice(this.#blockSize)] as const;
    this.#blocks.splice(index, 1, blockOf(halves[0], counts[0], block.offset), blockOf(halves[1], counts[1], block.offset));
  }

  /** Takes nodes from the stretches that begin in [from, to). */
  take(from: number, to: number, nodes: number): void {
    for (let index = this.#blockAt(from); index < this.#blocks.length; index++) {
      const block = this.#blocks[index];
      if (block === undefined || (block.begins[0] ?? to) >= to) return;
      if ((block.begins[0] ?? from) >= from && (block.begins.at(-1) ?? to) < to) block.offset -= nodes;
      else takeFromEach(block, from, to, () => nodes);
    }
  }

  /** The same, of each stretch as many as `nodes` says by its begin. */
  takeByBegin(from: number, to: number, nodes: (begin: number) => number): void {
    for (let index = this.#blockAt(from); index < this.#blocks.length; index++) {
      const block = this.#blocks[index];
      if (block === undefined || (block.begins[0] ?? to) >= to) return;
      takeFromEach(block, from, to, nodes);
    }
  }

  /** Begin of the first stretch with so many nodes that begins at `at` or later, or only later than `at`; undefined: there is none. */
  firstWith(nodes: number, at: number, onlyLater: boolean): number | undefined {
    for (let index = this.#blockAt(at); index < this.#blocks.length; index++) {
      const block = this.#blocks[index];
      if (block === undefined || block.most + block.offset < nodes) continue;
      const wanted = nodes - block.offset;
      for (let place = firstNotBefore(block.begins, at); place < block.begins.length; place++) {
        const begin = block.begins[place];
        if ((block.counts[place] ?? 0) >= wanted && (!onlyLater || begin !== at)) return begin;
      }
    }
    return undefined;
  }

  /**
   * Of the stretches that begin in (after, before) with fewer nodes, the end of the last one.
   * @returns infinite where that is the last of all; undefined where there is none
   */
  endOfLastBelow(nodes: number, after: number, before: number): number | undefined {
    for (let index = this.#blockAt(before); index >= 0; index--) {
      const block = this.#blocks[index];
      if (block === undefined || (block.begins.at(-1) ?? after) <= after) return undefined;
      if (block.least + block.offset >= nodes) continue;
      const wanted = nodes - block.offset;
      for (let place = firstNotBefore(block.begins, before) - 1; place >= 0 && (block.begins[place] ?? after) > after; place--) {
        if ((block.counts[place] ?? 0) < wanted) return block.begins[place + 1] ?? this.#blocks[index + 1]?.begins[0] ?? Number.POSITIVE_INFINITY;
      }
    }
    return undefined;
  }

  /** The last block that begins at `at` or before, or the first. */
  #blockAt(at: number): number {
    let low = 0;
    let high = this.#blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#blocks[middle]?.begins[0] ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function blockOf(begins: number[], counts: number[], offset = 0): Block {
  return { begins, counts, offset, least: Math.min(...counts), most: Math.max(...counts) };
}

function takeFromEach(block: Block, from: number, to: number, nodes: (begin: number) => number): void {
  for (let place = firstNotBefore(block.begins, from); place < block.begins.length; place++) {
    const begin = block.begins[place] ?? to;
    if (begin >= to) break;
    block.counts[place] = (block.counts[place] ?? 0) - nodes(begin);
  }
  block.least = Math.min(...block.counts);
  block.most = Math.max(...block.counts);
}

/** The place of the first that is not below `at`. */
function firstNotBefore(sorted: readonly number[], at: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
