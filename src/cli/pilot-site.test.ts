import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseSite } from '../slurm/site.ts';
import { pilotSite } from './pilot-site.ts';

const site = (parameters: string, partition: string, more = ''): ReturnType<typeof parseSite> =>
  parseSite(`SLURM_VERSION = 22.05.8\nSchedulerParameters = ${parameters}\n${more}`, `PartitionName=whisk Default=NO ${partition}\nPartitionName=prime Default=YES MaxTime=1-00:00:00`);

describe('pilotSite', () => {
  it('takes the levers and the bounds of the pilots\' partition', () => {
    assert.deepEqual(pilotSite(site('bf_window=180,bf_max_job_part=100,bf_max_job_user=60', 'MaxTime=02:00:00 OverTimeLimit=UNLIMITED'), 'whisk', ['DenyOnLimit', 'NoReserve']),
      { noReserve: true, overTimeLimit: true, backfillDepth: 60, maxLimitMinutes: 120 });
  });

  it('knows of no bound where none is set, and takes the cluster\'s OverTimeLimit', () => {
    assert.deepEqual(pilotSite(site('(null)', 'MaxTime=UNLIMITED OverTimeLimit=NONE', 'OverTimeLimit = UNLIMITED'), 'whisk', []), { noReserve: false, overTimeLimit: true, maxLimitMinutes: 1440 }, 'backfill plans a day ahead');
    assert.deepEqual(pilotSite(site('(null)', 'MaxTime=UNLIMITED'), undefined, []), { noReserve: false, overTimeLimit: false, maxLimitMinutes: 1440 });
  });
});
