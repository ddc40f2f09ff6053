import { STEM_CELL_KINDS } from '../runtimes/kinds.ts';
import type { StemCells } from './containers.ts';

/** How an invoker works: raw, as it is given. Times in ms, memory in MB. */
export interface InvokerOptions {
  invokerId: string;
  node: string;
  /** Slurm's job id, where there is one. */
  jobId?: string | undefined;
  /** What all containers together may use: what the job was given, without what the invoker itself needs. */
  memoryMB: number;
  /** Epoch ms at which the job's time limit ends it; null without an end. */
  leaseEndsAt: number | null;
  /**
   * How long running calls may go on when the node is wanted back. A prime job waits for it.
   * @default 400, so that it is gone before slurmd looks 670 ms after the signal
   */
  holdMs?: number | undefined;
  /**
   * How long before the end of the lease the invoker takes nothing new, so that what runs can finish. Everything that
   * is longer than this costs coverage at the end of every pilot, what is shorter costs interrupted calls.
   * @default 2000
   */
  drainMarginMs?: number | undefined;
  /**
   * Stem cells to keep ready. OpenWhisk's default memory is 256 MB, so most actions fit one of these.
   * @default one of each family's default kind with 256 MB
   */
  prewarm?: readonly StemCells[] | undefined;
  /** Removes warm containers that were not used for so long, as OpenWhisk does. @default 600000 */
  idleMs?: number | undefined;
  /** Without a controller for so long, nobody waits for this invoker any more. @default 60000 */
  linkDownMs?: number | undefined;
  /** How long the end waits for the controller to acknowledge the last results. @default 500 */
  ackWaitMs?: number | undefined;
  /** `__OW_API_HOST` of the actions. */
  apiHost?: string | undefined;
  /** Bytes of action code to keep. @default 256 MB */
  codeCacheBytes?: number | undefined;
  /** Epoch ms at which the job's script began. */
  startedAt?: number | undefined;
  /** ms since the start of the process. */
  uptimeMs?: (() => number) | undefined;
}

/** The same with every default filled in. */
export interface ResolvedOptions {
  readonly invokerId: string;
  readonly node: string;
  readonly jobId: string | undefined;
  readonly memoryMB: number;
  readonly leaseEndsAt: number | null;
  readonly holdMs: number;
  readonly drainMarginMs: number;
  readonly prewarm: readonly StemCells[];
  readonly idleMs: number;
  readonly linkDownMs: number;
  readonly ackWaitMs: number;
  readonly apiHost: string | undefined;
  readonly codeCacheBytes: number;
  readonly startedAt: number | undefined;
  readonly uptimeMs: (() => number) | undefined;
}

const STEM_CELL_MB = 256;

/** So many stem cells of each family's default kind. */
export function stemCellsOf(count: number): StemCells[] {
  return STEM_CELL_KINDS.map((kind) => ({ kind, memoryMB: STEM_CELL_MB, count }));
}

export function resolveOptions(options: InvokerOptions): ResolvedOptions {
  return {
    invokerId: options.invokerId,
    node: options.node,
    jobId: options.jobId,
    memoryMB: options.memoryMB,
    leaseEndsAt: options.leaseEndsAt,
    holdMs: options.holdMs ?? 400,
    drainMarginMs: options.drainMarginMs ?? 2_000,
    prewarm: options.prewarm ?? stemCellsOf(1),
    idleMs: options.idleMs ?? 600_000,
    linkDownMs: options.linkDownMs ?? 60_000,
    ackWaitMs: options.ackWaitMs ?? 500,
    apiHost: options.apiHost,
    codeCacheBytes: options.codeCacheBytes ?? 256 * 1024 * 1024,
    startedAt: options.startedAt,
    uptimeMs: options.uptimeMs,
  };
}
