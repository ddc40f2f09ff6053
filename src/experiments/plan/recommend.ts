import { pasteLines } from './paste-lines.ts';
import type { PolicyOutcome, RankedChange, Recommendation, SettingOutcome } from './plan-report.ts';
import type { SiteSetting } from './site-changes.ts';

/** Less than this of the idle node time is not worth a change; seeds differ by about as much. */
const LITTLE = 0.003;
/** A setting with fewer changes is preferred if it brings so nearly as much. */
const NEARLY_AS_MUCH = 0.01;
/** A change that takes so many seconds off the delays of prime jobs goes first, whatever it brings. */
const FELT_SECONDS = 1;

const VERDICTS: readonly RankedChange['verdict'][] = ['first', 'worth it', 'little', 'not here'];

/** Each change by itself: those that spare prime jobs a delay first, then by gain. @param outcomes in the order of `settings` */
export function rankedChanges(outcomes: readonly SettingOutcome[], settings: readonly SiteSetting[]): RankedChange[] {
  const [now] = outcomes;
  if (now === undefined) return [];
  const before = outcomeOfBest(now);
  return settings.flatMap(({ changes }, index): RankedChange[] => {
    const [change] = changes;
    const outcome = outcomes[index];
    if (change === undefined || changes.length > 1 || outcome === undefined) return [];
    const after = outcomeOfBest(outcome);
    const readyGain = after.ready - before.ready;
    const [obstacle] = outcome.obstacles;
    const spared = before.delay.p95 - after.delay.p95;
    const verdict = obstacle !== undefined ? 'not here' : spared >= FELT_SECONDS ? 'first' : readyGain >= LITTLE ? 'worth it' : 'little';
    return [{
      change: change.id, title: change.title, effect: change.effect, policy: outcome.best, readyGain,
      nodeHoursPerDayGain: after.readyNodeHoursPerDay - before.readyNodeHoursPerDay, delayP95: [before.delay.p95, after.delay.p95], verdict,
      ...obstacle === undefined ? {} : { obstacle },
    }];
  }).sort((a, b) => VERDICTS.indexOf(a.verdict) - VERDICTS.indexOf(b.verdict) || b.readyGain - a.readyGain);
}

interface Candidate { readonly setting: SiteSetting; readonly best: PolicyOutcome }

/** What the site can have, and the same without the shortest backfill cycle, where that is part of it. @throws {RangeError} where there is no outcome */
export function recommend(outcomes: readonly SettingOutcome[], settings: readonly SiteSetting[]): { recommendation: Recommendation; milder?: Recommendation } {
  // Whatever spares prime jobs a delay belongs to it.
  const duties = settings.flatMap(({ changes }) => changes).filter(({ id }) => id === 'grace-time-0');
  const candidates = settings.flatMap((setting, index): Candidate[] => {
    const outcome = outcomes[index];
    if (outcome === undefined || outcome.obstacles.length > 0 || !duties.every(({ id }) => outcome.changes.includes(id))) return [];
    return [{ setting, best: outcomeOfBest(outcome) }];
  });
  const isMild = ({ setting }: Candidate): boolean => !setting.changes.some(({ id }) => id === 'bf-interval-10');
  const chosen = simplest(candidates);
  const recommendation = recommendationOf(chosen, candidates, settings);
  const mild = candidates.filter(isMild);
  return isMild(chosen) || mild.length === 0 ? { recommendation } : { recommendation, milder: recommendationOf(simplest(mild), candidates, settings) };
}

/** The setting with the fewest changes that brings nearly as much as the best. */
function simplest(candidates: readonly Candidate[]): Candidate {
  const most = Math.max(...candidates.map(({ best }) => best.ready));
  const [first] = candidates.filter(({ best }) => best.ready >= most - NEARLY_AS_MUCH).sort((a, b) => a.setting.changes.length - b.setting.changes.length || b.best.ready - a.best.ready);
  if (first === undefined) throw new RangeError('there is no setting to recommend');
  return first;
}

function recommendationOf({ setting, best }: Candidate, candidates: readonly Candidate[], [now]: readonly SiteSetting[]): Recommendation {
  const most = candidates.reduce((first, each) => each.best.ready > first.best.ready ? each : first);
  return {
    setting: setting.title, policy: best.policy, paste: pasteLines((now ?? setting).site, setting, best.policy),
    reason: most.best.ready <= best.ready ? 'no setting looked at brings more' : `${((most.best.ready - best.ready) * 100).toFixed(2)} points less than the most that was found, with ${most.setting.title}`,
  };
}

export function outcomeOfBest({ policies, best }: SettingOutcome): PolicyOutcome {
  const found = policies.find(({ policy }) => policy === best);
  if (found === undefined) throw new RangeError(`no outcome of the policy ${best}`);
  return found;
}
