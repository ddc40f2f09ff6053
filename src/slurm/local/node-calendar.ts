import type { IdlePeriod, IdleSurface } from '../../traces/surface.ts';

/** What prime jobs want of a node at a moment, and until when (epoch ms). */
export interface NodeDemand {
  readonly wanted: boolean;
  readonly until: number;
}

/** The prime jobs' demand for one node: the complement of its idle periods, repeated for ever from `begin` on. */
export class NodeCalendar {
  readonly #from: number;
  readonly #length: number;
  readonly #periods: readonly IdlePeriod[];
  readonly #begin: number;

  /** @param begin epoch ms at which the surface's own begin is laid */
  constructor(surface: IdleSurface, node: string, begin: number) {
    this.#from = surface.from;
    this.#length = surface.to - surface.from;
    this.#periods = surface.periods.filter((period) => period.node === node);
    this.#begin = begin;
  }

  at(now: number): NodeDemand {
    const [first] = this.#periods;
    if (first === undefined || this.#length <= 0) return { wanted: true, until: Number.POSITIVE_INFINITY };
    const round = Math.floor((now - this.#begin) / this.#length);
    const roundBegin = this.#begin + round * this.#length;
    const position = this.#from + now - roundBegin;
    const toEpoch = (at: number): number => roundBegin + at - this.#from;
    const next = this.#periods.find((period) => period.end > position);
    if (next === undefined) return { wanted: true, until: toEpoch(first.start) + this.#length };
    return next.start <= position ? { wanted: false, until: toEpoch(next.end) } : { wanted: true, until: toEpoch(next.start) };
  }
}
