/** Which of Slurm's two schedulers started a job. */
export type Starter = 'main loop' | 'backfill';

/**
 * Job ids and who started each, from slurmctld's log at level info:
 * `sched: Allocate JobId=6 NodeList=n3 …` is the main loop, `sched/backfill: _start_job: Started JobId=3 in whisk on n2` backfill.
 */
export function startersOf(log: string): Map<string, Starter> {
  const starters = new Map<string, Starter>();
  for (const match of log.matchAll(/(?:sched: Allocate|backfill: _start_job: Started) JobId=(\d+) /g)) {
    starters.set(match[1] ?? '', match[0].startsWith('sched') ? 'main loop' : 'backfill');
  }
  return starters;
}
