/** What `hpcwhisk plan` finds. Shares as fractions (0..1) of the idle node time where nothing else is said, times in seconds. */
import type { PolicyName } from '../../pilots/policies.ts';
import type { PlanKind, PrimePending } from '../../simulator/planned-starts.ts';
import type { AnalysisSource, IdleSummary } from '../analysis/analysis.ts';
import type { PlanSite } from './plan-site.ts';
import type { ChangeId } from './site-changes.ts';

/** Of the prime jobs that came to a node with a pilot: how much later they start than without pilots. */
export interface DelaySpread {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
  /** Quantiles 0, 0.05, … 1. */
  readonly quantiles: readonly number[];
}

export interface PolicyOutcome {
  readonly policy: PolicyName;
  /** Share with a pilot, and with a ready invoker; the latter's least and most over the seeds. */
  readonly pilot: number;
  readonly ready: number;
  readonly readyRange: readonly [least: number, most: number];
  readonly readyNodeHoursPerDay: number;
  readonly readyMean: number;
  /** Shares of the time: without a ready invoker, and without a pilot. */
  readonly noWorkerShare: number;
  readonly noPilotShare: number;
  readonly pilotsPerDay: number;
  readonly submissionsPerMinute: number;
  /** Share of all prime jobs' arrivals on a node that met a pilot. */
  readonly preemptingShare: number;
  readonly delay: DelaySpread;
}

export interface SettingOutcome {
  readonly title: string;
  readonly changes: readonly ChangeId[];
  /** Why this site cannot have it as it is. */
  readonly obstacles: readonly string[];
  readonly policies: readonly PolicyOutcome[];
  /** The policy with the most ready node time; of nearly equal ones the one that asks least of slurmctld. */
  readonly best: PolicyName;
  /** Of the best policy, where only backfill starts the prime jobs that preempt. */
  readonly delayByBackfill: DelaySpread;
}

/** What one change brings by itself, with the best policy before and after. */
export interface RankedChange {
  readonly change: ChangeId;
  readonly title: string;
  readonly effect: string;
  readonly policy: PolicyName;
  readonly readyGain: number;
  readonly nodeHoursPerDayGain: number;
  readonly delayP95: readonly [before: number, after: number];
  readonly verdict: 'first' | 'worth it' | 'little' | 'not here';
  readonly obstacle?: string;
}

export interface Recommendation {
  /** The title of a setting. */
  readonly setting: string;
  readonly policy: PolicyName;
  readonly reason: string;
  /** To paste, by place. */
  readonly paste: PasteLines;
}

export interface PasteLines {
  readonly slurmConf: readonly string[];
  readonly sacctmgr: readonly string[];
  /** To put it into force. */
  readonly apply: readonly string[];
  readonly start: string;
}

export interface PlanReport {
  readonly source: AnalysisSource;
  readonly setup: {
    readonly policies: readonly PolicyName[]; readonly plans: PlanKind; readonly primePending: PrimePending; readonly seed: number; readonly seeds: number;
    readonly startupSeconds: number; readonly exitSeconds: number; readonly pollSeconds: number;
  };
  readonly site: PlanSite;
  readonly idle: IdleSummary;
  readonly nodeHoursPerDay: number;
  /** The most that any pilots could be ready, and the paper's clairvoyant pilots (set A1), where the log's samples are about 10 s apart. */
  readonly bound: number;
  readonly clairvoyant?: number;
  /** The first is the site as it is. */
  readonly settings: readonly SettingOutcome[];
  readonly ranking: readonly RankedChange[];
  readonly recommendation: Recommendation;
  /** Where backfill's cycles take too long for what is recommended. */
  readonly milder?: Recommendation;
}
