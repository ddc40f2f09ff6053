/**
 * The loop of `hpcwhisk collect`: a look at the cluster every interval, each written down as one sample. A round that
 * fails leaves a hole in the log and nothing else: slurmctld may be away for as long as it likes (it is then asked ever
 * more rarely, up to a minute), and so may the disk.
 */
import type { Clock } from '../clock/clock.ts';
import type { ClusterLook } from '../slurm/command-line/cluster-look.ts';
import { SlurmError } from '../slurm/slurm.ts';
import type { SampleWriter } from './sample-writer.ts';

/** Where samples go. */
export interface SampleSink {
  /** Whether a sample of this moment (epoch ms) must stand by itself. */
  prepare(at: number): Promise<boolean>;
  append(text: string): Promise<void>;
}

export interface CollectorParts {
  readonly look: () => Promise<ClusterLook>;
  readonly sink: SampleSink;
  readonly writer: SampleWriter;
  readonly clock: Clock;
  readonly intervalMs: number;
  /** @default for ever */
  readonly rounds?: number;
  readonly signal: AbortSignal;
  /** One line for whoever watches. */
  readonly tell: (text: string) => void;
}

export interface Collected {
  readonly samples: number;
  readonly failed: number;
}

/** The longest wait while Slurm does not answer, unless the interval is longer. */
const MAX_WAIT_MS = 60_000;

/** Resolves when the rounds are done or the signal is aborted. @throws {SlurmError} of kind `user` in the first round */
export async function collect({ look, sink, writer, clock, intervalMs, rounds = Number.POSITIVE_INFINITY, signal, tell }: CollectorParts): Promise<Collected> {
  let samples = 0;
  let failed = 0;
  let failing = 0;
  let lastSecond = 0;
  let due = clock.now();
  for (let round = 0; round < rounds && !signal.aborted; round++) {
    const at = clock.now();
    try {
      const second = Math.floor(at / 1000);
      const seen = await look();
      // A clock that was set back: the log's time only moves forward.
      if (second > lastSecond) {
        if (await sink.prepare(at)) writer.beginWhole();
        await sink.append(writer.write(second, seen));
        writer.written();
        lastSecond = second;
        samples++;
      }
      if (failing > 0) tell(`Slurm and the disk answer again, after ${failing} rounds without a sample`);
      failing = 0;
    } catch (error) {
      if (round === 0 && error instanceof SlurmError && error.kind === 'user') throw error;
      failed++;
      failing++;
      if (failing === 1) tell(`no sample: ${error instanceof Error ? error.message : String(error)}; I go on trying`);
    }
    if (round + 1 >= rounds) break;
    due = nextRound(due, clock.now(), failing === 0 ? intervalMs : Math.max(intervalMs, Math.min(intervalMs * 2 ** failing, MAX_WAIT_MS)));
    await pause(clock, due - clock.now(), signal);
  }
  return { samples, failed };
}

/** In step with the rounds before: a round that took longer than its interval leaves out those that it covered. */
function nextRound(due: number, now: number, waitMs: number): number {
  const missed = Math.max(1, Math.ceil((now - due) / waitMs));
  return due + missed * waitMs;
}

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const cancel = clock.after(ms, () => {
      signal.removeEventListener('abort', end);
      resolve();
    });
    function end(): void {
      cancel();
      resolve();
    }
    signal.addEventListener('abort', end, { once: true });
  });
}
