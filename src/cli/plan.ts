import { readFile } from 'node:fs/promises';
import { analyze, samplesOf } from '../experiments/analysis/analyze.ts';
import { makePlan } from '../experiments/plan/make-plan.ts';
import { parsePlanSite, planSiteOf, type PlanSite } from '../experiments/plan/plan-site.ts';
import { planPage } from '../experiments/plan/render/page.ts';
import { planText } from '../experiments/plan/render/table.ts';
import type { PolicyName } from '../pilots/policies.ts';
import { primePendingOf, type PlanKind, type PrimePendingChoice } from '../simulator/planned-starts.ts';
import { readSite, type Site } from '../slurm/site.ts';
import { SlurmError } from '../slurm/slurm.ts';
import { CommandError, errorText } from './command-error.ts';
import { inItsWords, loadTrace, writeOutput } from './trace-files.ts';
import { surfaceOfTrace } from './trace-surface.ts';

export interface PlanOptions {
  readonly log: readonly string[];
  readonly config?: string;
  readonly partitions?: string;
  readonly partition?: string;
  readonly day?: string;
  readonly timezone?: string;
  readonly policies: readonly PolicyName[];
  readonly plans: PlanKind;
  readonly primePending: PrimePendingChoice;
  readonly qosNoReserve: boolean;
  readonly startup: number;
  readonly exit: number;
  readonly poll: number;
  readonly seed: number;
  readonly seeds: number;
  readonly html?: string;
  readonly json: boolean;
}

const EXIT_USAGE = 64;
const EXIT_DATA = 65;
const EXIT_NO_INPUT = 66;
const EXIT_UNAVAILABLE = 69;

/** @returns what is to be printed. @throws {CommandError} */
export async function runPlan(options: PlanOptions): Promise<string> {
  const { day, log, html } = options;
  const site = await siteFor(options);
  const loaded = await loadTrace(log, options.timezone);
  const { trace, names, timeZone } = loaded;
  const surface = surfaceOfTrace(loaded, day);
  const analysis = inItsWords(() => analyze(trace, { files: names, timeZone, ...day === undefined ? {} : { days: day } }));
  const { source, idle } = analysis.summary;
  if (idle === undefined || surface.periods.length === 0) throw new CommandError('ETRACEEMPTY', `${names.join(', ')}: no node is ever idle, so there is nothing to plan`, EXIT_DATA);
  const report = await makePlan({
    source, idle, surface, site, samples: trace.format === 'node-log' ? samplesOf(trace.log, day, timeZone) : [], policies: [...new Set(options.policies)], plans: options.plans,
    primePending: primePendingOf(options.primePending, options.plans), startupSeconds: options.startup, exitSeconds: options.exit, pollSeconds: options.poll, seed: options.seed, seeds: options.seeds,
  }, showProgress);
  if (html !== undefined) await writeOutput(html, planPage(report, analysis));
  return options.json ? JSON.stringify(report, null, 2) : planText(report);
}

async function siteFor({ config, partitions, partition, qosNoReserve }: PlanOptions): Promise<PlanSite> {
  if (partitions !== undefined && config === undefined) throw new CommandError('EUSAGE', '--partitions goes with --config', EXIT_USAGE);
  const site = config === undefined ? await askedSite() : await readFiles(config, partitions);
  try {
    return planSiteOf(site, { noReserve: qosNoReserve, ...partition === undefined ? {} : { partition } });
  } catch (error) {
    if (error instanceof RangeError) throw new CommandError('ECONFIG', error.message, EXIT_USAGE, { cause: error });
    throw error;
  }
}

async function askedSite(): Promise<Site> {
  try {
    return await readSite();
  } catch (error) {
    if (!(error instanceof SlurmError)) throw error;
    throw new CommandError('ESLURM', `${error.message}; away from the site, give what scontrol printed there with --config and --partitions`, EXIT_UNAVAILABLE, { cause: error });
  }
}

async function readFiles(config: string, partitions: string | undefined): Promise<Site> {
  const [settings, ofPartitions] = await Promise.all([textOf(config), partitions === undefined ? undefined : textOf(partitions)]);
  try {
    return parsePlanSite(settings, ofPartitions);
  } catch (error) {
    if (!(error instanceof SlurmError)) throw error;
    throw new CommandError('ECONFIG', `${[config, ...partitions === undefined ? [] : [partitions]].join(', ')}: this is not what scontrol prints (${error.message})`, EXIT_USAGE, { cause: error });
  }
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new CommandError('ENOCONFIG', `${file} cannot be read: ${errorText(error)}`, EXIT_NO_INPUT, { cause: error });
  }
}

/** For whoever waits at a terminal. */
function showProgress(done: number, all: number): void {
  if (!process.stderr.isTTY) return;
  process.stderr.write(done === all ? '\r\x1b[K' : `\r${done} of ${all} simulations`);
}
