/** Which of Slurm's two schedulers started a job. */
export type Starter = 'main loop' | 'backfill';

/**
 * Job ids and who started each, from slurmctld's log at level info:
 * `sched: Allocate JobId=6 NodeList=n3 …` is the main loop, `sched/backfill: _start_job: Started JobId=3 in whisk on n2`
 * backfill; a task of an array is `JobId=5_1(7)`, whose id is 7.
 */
export function startersOf(log: string): Map<string, Starter> {
  const starters = new Map<string, Starter>();
  for (const [text, task, job] of log.matchAll(/(?:sched: Allocate|backfill: _start_job: Started) JobId=(?:\d+_\d+\((\d+)\)|(\d+)) /g)) {
    starters.set(task ?? job ?? '', text.startsWith('sched') ? 'main loop' : 'backfill');
  }
  return starters;
}
