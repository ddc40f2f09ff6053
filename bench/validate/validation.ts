/** What a validation found: what `--json` prints. */
import type { Cell } from './cells.ts';
import type { Findings } from './findings.ts';

export interface ComparedCell {
  readonly cell: Cell;
  readonly real: Findings;
  readonly model: Findings;
  /** Of the model's coverage between seeds. */
  readonly deviation: number;
  /** Cells that ran on the machine beside this one. */
  readonly beside: readonly string[];
  readonly arrivals: number;
  readonly neverStarted: number;
  readonly lateP95Ms: number;
  readonly errors: readonly string[];
}

export interface Validation {
  readonly setup: {
    readonly source: string; readonly minutes: number; readonly nodes: number; readonly parallel: number; readonly seed: number;
    readonly periods: number; readonly planned: number; readonly idleNodeSeconds: number; readonly began: string; readonly seconds: number;
  };
  readonly cells: readonly ComparedCell[];
  /** Cells that could not be run, and why. */
  readonly failed: readonly { readonly cell: string; readonly error: string }[];
}
