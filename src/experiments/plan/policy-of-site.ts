import { policyOf, type PolicyName } from '../../pilots/policies.ts';
import type { PilotPolicy } from '../../pilots/pilot-policy.ts';
import type { PlanSite } from './plan-site.ts';

/** What asks for pilots that stay beyond their limit, where Slurm allows it. Others' leave at theirs. */
const OVER_TIME: readonly string[] = ['single', 'adaptive'];
const OVER_TIME_MINUTES = 1;

/** The policy as `hpcwhisk up` would run it on this site, and whether its pilots stay beyond their limit there. */
export function policyOfSite(name: PolicyName, { scheduler, noReserve, overTimeLimit }: PlanSite): { readonly policy: PilotPolicy; readonly staysOverTime: boolean } {
  const depths = [scheduler.bf_max_job_part, scheduler.bf_max_job_test].filter((depth) => depth > 0);
  const site = { noReserve, overTimeLimit, maxLimitMinutes: scheduler.bf_window, ...depths.length === 0 ? {} : { backfillDepth: Math.min(...depths) } };
  // A policy that goes by the site prefers the QOS, with which a pilot keeps a limit that squeue shows truly.
  const staysOverTime = overTimeLimit && OVER_TIME.includes(name) && (name === 'single' || !noReserve);
  const options = { site, ...staysOverTime && name === 'single' ? { limitMinutes: OVER_TIME_MINUTES } : {} };
  return { policy: policyOf(name, options), staysOverTime };
}
