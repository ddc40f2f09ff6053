/** What `sdiag` tells of slurmctld; counters run since its start or the last midnight UTC. */
export interface SlurmctldDiagnosis {
  readonly mainLoop: Cycles;
  readonly backfill: Cycles & {
    /** When the last cycle began, epoch ms in whole seconds; 0: there was none. */
    readonly lastAt: number;
  };
  /** Requests by type, e.g. REQUEST_JOB_INFO: their number and the time that slurmctld spent on them, ms. */
  readonly requests: ReadonlyMap<string, { readonly count: number; readonly ms: number }>;
}

export interface Cycles {
  readonly count: number;
  /** ms */
  readonly mean: number;
  readonly last: number;
}

/** @param text output of `sdiag` */
export function readSdiag(text: string): SlurmctldDiagnosis {
  const [head = '', backfill = ''] = text.split('Backfilling stats');
  const mainLoop = head.split('Main schedule statistics')[1] ?? '';
  const [scheduling = '', byType = ''] = backfill.split('Remote Procedure Call statistics by message type');
  const requests = new Map<string, { count: number; ms: number }>();
  for (const [, name = '', count, time] of (byType.split('Remote Procedure Call statistics by user')[0] ?? '').matchAll(/^\s*(\w+)\s*\(\s*\d+\)\s*count:(\d+).*?total_time:(\d+)/gm)) {
    requests.set(name, { count: Number(count), ms: Number(time) / 1000 });
  }
  const lastAt = /Last cycle when:.*\((\d+)\)/.exec(scheduling)?.[1];
  return { mainLoop: cyclesOf(mainLoop), backfill: { ...cyclesOf(scheduling), lastAt: Number(lastAt ?? 0) * 1000 }, requests };
}

function cyclesOf(section: string): Cycles {
  const number = (name: string): number => Number(new RegExp(`^\\s*${name}:\\s*(\\d+)`, 'm').exec(section)?.[1] ?? 0);
  return { count: number('Total cycles'), mean: number('Mean cycle') / 1000, last: number('Last cycle') / 1000 };
}
