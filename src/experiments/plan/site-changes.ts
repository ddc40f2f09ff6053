import type { PlanSite } from './plan-site.ts';

const changeIds = ['grace-time-0', 'bf-interval-30', 'bf-interval-10', 'bf-resolution-60', 'no-reserve', 'over-time-limit'] as const;
export type ChangeId = (typeof changeIds)[number];

/** One thing that an operator can set. */
export interface SiteChange {
  readonly id: ChangeId;
  readonly title: string;
  /** What it does, and what it costs. */
  readonly effect: string;
  readonly apply: (site: PlanSite) => PlanSite;
  /** Whether it changes anything here. */
  readonly isOpen: (site: PlanSite) => boolean;
  /** Why this site cannot have it as it is. */
  readonly obstacle?: (site: PlanSite) => string | undefined;
}

const withScheduler = (site: PlanSite, own: Partial<PlanSite['scheduler']>): PlanSite => ({ ...site, scheduler: { ...site.scheduler, ...own } });

const CHANGES: Readonly<Record<ChangeId, Omit<SiteChange, 'id'>>> = {
  'grace-time-0': {
    title: 'GraceTime=0', effect: 'prime jobs get nodes back at once: a batch script does not hear the begin of a grace time, so it only delays them; pilots drain within KillWait',
    apply: (site) => ({ ...site, graceTime: 0 }), isOpen: ({ graceTime, graceHeard }) => graceTime > 0 && !graceHeard,
  },
  'bf-interval-30': {
    title: 'bf_interval=30', effect: 'an idle node waits 15 s for its pilot at the mean, half a backfill cycle; Slurm\'s default. Compare sdiag\'s "Mean cycle" before and after',
    apply: (site) => withScheduler(site, { bf_interval: 30 }), isOpen: ({ scheduler }) => scheduler.bf_interval > 30,
  },
  'bf-interval-10': {
    title: 'bf_interval=10', effect: 'an idle node waits 5 s for its pilot at the mean, and so do prime jobs that only backfill starts; three times the cycles of Slurm\'s default, so only where sdiag\'s "Mean cycle" is well below 10 s',
    apply: (site) => withScheduler(site, { bf_interval: 10 }), isOpen: ({ scheduler }) => scheduler.bf_interval > 10,
  },
  'bf-resolution-60': {
    title: 'bf_resolution=60', effect: 'before every planned start up to bf_resolution is lost to pilots; Slurm\'s default. Finer plans cost backfill more',
    apply: (site) => withScheduler(site, { bf_resolution: 60 }), isOpen: ({ scheduler }) => scheduler.bf_resolution > 60,
  },
  'no-reserve': {
    title: 'QOS with NoReserve', effect: 'a pilot may start on a node that is planned for a prime job in a minute or more, and gives it back when that comes; planned starts do not move',
    apply: (site) => ({ ...site, noReserve: true }), isOpen: ({ noReserve }) => !noReserve,
    obstacle: ({ slurmdbd }) => slurmdbd ? undefined : 'needs slurmdbd, which this site does not run',
  },
  'over-time-limit': {
    title: 'OverTimeLimit=UNLIMITED', effect: 'pilots of one minute fit nearly every gap and run until they are preempted; without slurmdbd. squeue shows wrong times left for pilots',
    apply: (site) => ({ ...site, overTimeLimit: true }), isOpen: ({ overTimeLimit }) => !overTimeLimit,
    obstacle: ({ partition }) => partition === undefined ? 'needs a partition of the pilots\' own; name it with --partition' : undefined,
  },
};

/** A way in which the site could be set. */
export interface SiteSetting {
  readonly title: string;
  readonly changes: readonly SiteChange[];
  readonly site: PlanSite;
}

/** Those that would change something here. */
function openChanges(site: PlanSite): SiteChange[] {
  return changeIds.map((id): SiteChange => ({ id, ...CHANGES[id] })).filter(({ isOpen }) => isOpen(site));
}

/** As it is, each change alone, then packages: Slurm's defaults, with the lever that lets pilots into planned gaps, with short cycles. */
export function settingsFor(site: PlanSite): SiteSetting[] {
  const open = openChanges(site);
  const pick = (...ids: readonly ChangeId[]): SiteChange[] => open.filter(({ id }) => ids.includes(id));
  const lever: ChangeId[] = site.noReserve || site.overTimeLimit ? [] : [site.slurmdbd ? 'no-reserve' : 'over-time-limit'];
  const sets = [
    [], ...open.map((change) => [change]),
    pick('grace-time-0', 'bf-interval-30', 'bf-resolution-60'),
    pick('grace-time-0', 'bf-interval-30', 'bf-resolution-60', ...lever),
    pick('grace-time-0', 'bf-interval-10', 'bf-resolution-60'),
    pick('grace-time-0', 'bf-interval-10', 'bf-resolution-60', ...lever),
  ];
  const settings = new Map<string, SiteSetting>();
  for (const changes of sets) {
    const title = changes.length === 0 ? 'as it is' : changes.map((change) => change.title).join(' + ');
    if (!settings.has(title)) settings.set(title, { title, changes, site: changes.reduce((changed, { apply }) => apply(changed), site) });
  }
  return [...settings.values()];
}
