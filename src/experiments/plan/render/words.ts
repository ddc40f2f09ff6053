/** Texts that the terminal and the page share. */
import { percent, seconds, significant } from '../../render/units.ts';
import type { DelaySpread, PasteLines, PlanReport, RankedChange } from '../plan-report.ts';

export const VERDICTS: Readonly<Record<RankedChange['verdict'], string>> = {
  first: 'first: spares users a delay', 'worth it': 'worth it', little: 'little', 'not here': 'not as it is',
};

export function hours(value: number): string {
  return `${significant(value)} h`;
}

/** A gain in percentage points. */
export function points(share: number): string {
  return `${share < 0 ? '−' : '+'}${Math.abs(share * 100).toFixed(2)} points`;
}

export function delays({ p50, p95, max, count }: DelaySpread): string {
  return count === 0 ? 'none' : [p50, p95, max].map(seconds).join(' / ');
}

/** The commands and lines of a recommendation with where they go. */
export function pasteBlocks({ slurmConf, sacctmgr, apply, start }: PasteLines): { readonly title: string; readonly lines: readonly string[] }[] {
  return [
    { title: 'slurm.conf', lines: slurmConf }, { title: 'sacctmgr, once', lines: sacctmgr }, { title: 'to put it into force', lines: apply },
    { title: 'then start the pilots', lines: [start] },
  ].filter(({ lines }) => lines.length > 0);
}

/** What the figures rest on, sentence by sentence. */
export function assumptions({ setup, idle, clairvoyant, bound, site }: PlanReport): string[] {
  const { plans, primePending, startupSeconds, exitSeconds, pollSeconds, seeds, seed } = setup;
  return [
    'Prime jobs come and go as the log says, whatever pilots do; Slurm is a model, the pilot manager and its policies are the ones that run.',
    { none: 'Nothing is planned: every pilot fits every idle node.', exact: 'Every idle period\'s end is planned from its begin.', drawn: 'What Slurm had planned is drawn as the paper\'s day shows it, since a log does not say it: short idle periods are mostly held for a prime job.' }[plans],
    primePending === 'drawn' ? 'Where a prime job waits for a node, only backfill starts pilots; elsewhere, mostly in long idle periods, the main loop does.'
      : primePending ? 'A prime job always waits that cannot start, so only backfill starts pilots, as on a full cluster.' : 'No prime job waits, so the main loop starts pilots.',
    `An invoker is ready ${seconds(startupSeconds)} after its pilot's start and leaves ${seconds(exitSeconds)} after SIGTERM; the pilot manager looks every ${seconds(pollSeconds)}.`,
    `${seeds === 1 ? `One seed (${seed})` : `Means of ${seeds} seeds from ${seed} on`}; differences of less than 0.3 points are noise.`,
    `No pilots could be ready for more than ${percent(bound)} of the idle node time${clairvoyant === undefined ? '' : `; the paper's clairvoyant pilots (lengths A1) for ${percent(clairvoyant)}`}. The idle node time is ${percent(idle.share)} of all.`,
    ...site.partition === undefined ? ['Nothing is known of partitions: GraceTime 0 and no OverTimeLimit are taken for granted.'] : [],
  ];
}
