/** What is compared: a policy of pilots under a configuration of Slurm and of what prime jobs do. */
import { PROMETHEUS_PARAMETERS } from '../../src/simulator/scheduler-parameters.ts';
import type { PilotPolicy } from '../../src/pilots/pilot-policy.ts';
import { policyOf, type PolicyName } from '../../src/pilots/policies.ts';

export interface Cell {
  /** `fib:fast:pending`, `single+noreserve:paper:free`, … */
  readonly name: string;
  readonly policy: PolicyName;
  /** The pilots' QOS has the flag NoReserve. */
  readonly noReserve: boolean;
  /** SchedulerParameters; empty: Slurm's defaults. */
  readonly parameters: string;
  /** `pending`: a prime job that cannot start waits all the time, and half of the periods have a planned start. `free`: neither. */
  readonly prime: 'pending' | 'free';
}

const PARAMETERS: Readonly<Record<string, string>> = {
  fast: 'bf_interval=5,bf_resolution=10',
  defaults: '',
  // What the model does not know of them is in the real one all the same.
  paper: `${PROMETHEUS_PARAMETERS},default_queue_depth=6000`,
};

const PILOTS: Readonly<Record<string, Pick<Cell, 'policy' | 'noReserve'>>> = {
  'fib': { policy: 'fib', noReserve: false },
  'dense': { policy: 'dense', noReserve: false },
  'single': { policy: 'single', noReserve: false },
  'single+noreserve': { policy: 'single', noReserve: true },
  'adaptive': { policy: 'adaptive', noReserve: false },
};

/** All pilots under all parameters where a prime job waits; where none does, policies differ little: two of them. */
const ALL_CELLS: readonly Cell[] = [
  ...cellsOf(Object.keys(PILOTS), 'pending'),
  ...cellsOf(['fib', 'single+noreserve'], 'free'),
];

export const QUICK_CELLS = 'fib:fast:pending,single:fast:pending,single+noreserve:fast:pending,fib:defaults:free';

/**
 * @param text names with commas between them; a part stands for all cells that have it: `paper`, `fib:paper`, `pending`. Empty: all.
 * @throws {RangeError} where nothing is meant
 */
export function chooseCells(text: string): Cell[] {
  const chosen = text.split(',').map((word) => word.trim()).flatMap((word) => {
    const found = ALL_CELLS.filter(({ name }) => word === '' || word.split(':').every((part) => name.split(':').includes(part)));
    if (found.length === 0) throw new RangeError(`no cell is "${word}"; there are ${ALL_CELLS.map(({ name }) => name).join(', ')}`);
    return found;
  });
  return [...new Set(chosen)];
}

function cellsOf(pilots: readonly string[], prime: Cell['prime']): Cell[] {
  return Object.entries(PARAMETERS).flatMap(([parameters, text]) => pilots.map((name) => ({
    name: `${name}:${parameters}:${prime}`, parameters: text, prime, policy: PILOTS[name]?.policy ?? 'fib', noReserve: PILOTS[name]?.noReserve ?? false,
  })));
}

export function policyOfCell({ policy, noReserve }: Cell): PilotPolicy {
  return policyOf(policy, policy === 'adaptive' ? { site: { noReserve } } : {});
}
