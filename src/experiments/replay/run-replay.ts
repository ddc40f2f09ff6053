/**
 * The paper's experiment on a real Slurm:
 *
 *   prime jobs take all nodes that the plan has busy at the begin
 *   → control: the begin of the window without any pilot; then all is as it was before it
 *   → pilots start, the first invoker is healthy, the functions are created, the load warms up
 *   → the window: arrivals preempt, nodes come idle, calls go out, everything is sampled
 *   → the last answers, and the audit: has every accepted call its one record?
 */
import { readFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import path from 'node:path';
import type { IdleSurface } from '../../traces/surface.ts';
import { PAPER_TIME_ZONE } from '../../traces/window.ts';
import { packSurface } from '../../traces/packing.ts';
import { assertNeverAllIdle, submitBlockingJob } from './blocking-job.ts';
import { auditCalls, type Audit, type Call } from './calls.ts';
import { buildReport } from './build-report.ts';
import { ControllerClient, type ControllerAddress } from './controller-client.ts';
import { FUNCTION_CODE, FUNCTION_KIND, functionName, runLoad } from './load.ts';
import { planReplay, type ReplayPlan } from './plan.ts';
import { PrimeJobs, runSlurm, type SlurmEnvironment, type SubmittedPrimeJob } from './prime-jobs.ts';
import { playPrimeSchedule, sleepUntil, type Arrival } from './prime-schedule.ts';
import { ReplayError } from './replay-error.ts';
import { runningProgress, type ReplayProgress } from './replay-progress.ts';
import type { CallFailure, ReplayReport } from './replay-report.ts';
import { SAMPLE_MS, Sampler } from './sampler.ts';
import { SlurmctldWatch } from './slurmctld-watch.ts';
import { measureWithoutPilots } from './start-delay-control.ts';

export interface ReplayOptions {
  /** The window of the trace, not packed yet. */
  readonly surface: IdleSurface;
  /** What it came from, in words. */
  readonly source: string;
  /** Of the times of day in the report. @default Europe/Warsaw */
  readonly timeZone?: string;
  /** `directory`: of a testbed, whose slurmctld's log and processor time tell more; a Slurm of another kind has none. */
  readonly testbed: { readonly env: SlurmEnvironment; readonly nodes: readonly string[]; readonly directory?: string };
  readonly controller: ControllerAddress;
  /** Path of the controller's log, which tells when pilots were signalled. */
  readonly controllerLog?: string;
  /** Starts the pilot manager (and the controller, if it does not run yet). Called once, after the control. */
  readonly startPilots: () => Promise<void>;
  /** Name of the pilots' policy, for the report. */
  readonly policy: string;
  /** Calls per second. @default 10 */
  readonly rate?: number;
  /** @default 100 */
  readonly functions?: number;
  /** MB each. @default 128 */
  readonly functionMemoryMB?: number;
  /** How much of the window is played without pilots first, as the control of prime jobs' start delay; 0: none. @default a third of the window, 10 minutes at most */
  readonly controlMs?: number;
  /** Load before the window, not counted. @default twice the time in which each function is called once, at least 10 s */
  readonly warmUpMs?: number;
  /** `always`: a prime job that wants all nodes pends all the time, so that only backfill starts pilots. @default never */
  readonly primePending?: 'always' | 'never';
  /** Called where replays beside each other have to wait for one another: before the control and before the load. */
  readonly together?: (stage: 'control' | 'window') => Promise<void>;
  /** @default whisk */
  readonly pilotPartition?: string;
  /** @default prime */
  readonly primePartition?: string;
  /** What else the report should say of the set-up. */
  readonly facts?: Readonly<Record<string, string>>;
  readonly onProgress?: (progress: ReplayProgress) => void;
  readonly signal?: AbortSignal;
}

const PROGRESS_MS = 5000;
const FIRST_INVOKER_MS = 120_000;
const AUDIT_MS = 90_000;
const MAX_CONTROL_MS = 600_000;
const MAX_FAILURES = 20;
/** Records of the calls' start may be dated a little before the call went out when clocks differ. */
const CLOCK_SLACK_MS = 5000;

/** @throws {ReplayError} */
export async function runReplay(options: ReplayOptions): Promise<ReplayReport> {
  const { testbed, primePartition = 'prime', onProgress = () => undefined } = options;
  // Whatever ends the replay early also ends its load and its prime jobs.
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  const packed = packSurface(options.surface, testbed.nodes);
  const plan = planReplay(packed.surface, testbed.nodes);
  if (options.primePending === 'always') assertNeverAllIdle(plan);
  const client = new ControllerClient(options.controller);
  const jobs = await PrimeJobs.open(testbed.env, primePartition);
  const watch = new SlurmctldWatch(testbed.env, testbed.directory);
  const warnings: string[] = [];
  try {
    const prepared = await prepare(options, plan, jobs, client, onProgress, signal);
    const run = await runWindow(options, plan, jobs, client, prepared.holding, warnings, onProgress, signal);
    const slurmctld = watch.burden(run.begin, run.begin + plan.length, run.arrivals.map(({ job }) => job.submittedAt));
    onProgress({ phase: 'auditing', text: `auditing ${run.calls.length} calls` });
    const audit = await auditAll(client, run.allCalls, run.loadBegin, signal);
    const failures = await failuresOf(client, run.calls);
    return buildReport({
      setup: {
        source: options.source, traceFrom: options.surface.from, traceTo: options.surface.to, timeZone: options.timeZone ?? PAPER_TIME_ZONE,
        begin: run.begin, minutes: plan.length / 60_000, nodes: testbed.nodes.length, kept: packed.kept, policy: options.policy,
        rate: options.rate ?? 10, functions: options.functions ?? 100, functionKind: FUNCTION_KIND, sampleMs: SAMPLE_MS,
        facts: {
          ...await factsOf(testbed.env), ...(options.primePending === 'always' ? { 'Pending prime job': 'always one that wants all nodes: only backfill starts pilots' } : {}), ...options.facts,
        },
      },
      surface: packed.surface, plan, samples: run.samples, calls: run.calls, audit, failures, arrivals: run.arrivals,
      starts: await jobs.starts(), control: prepared.control, cycles: watch.cycles(), burden: run.burden, warnings,
      ...slurmctld === undefined ? {} : { slurmctld },
      logs: {
        ...await logOf('slurmctldLog', testbed.directory === undefined ? undefined : path.join(testbed.directory, 'log', 'slurmctld.log')),
        ...await logOf('controllerLog', options.controllerLog),
      },
    });
  } finally {
    over.abort();
    await watch.stop();
    client.close();
    await jobs.close().catch(() => undefined);
  }
}

async function prepare(
  options: ReplayOptions, plan: ReplayPlan, jobs: PrimeJobs, client: ControllerClient,
  onProgress: (progress: ReplayProgress) => void, signal: AbortSignal,
): Promise<{ holding: Map<string, string>; control: SubmittedPrimeJob[] }> {
  const say = (text: string): void => { onProgress({ phase: 'preparing', text }); };
  say(`prime jobs take ${plan.nodes.length - plan.idleAtBegin.length} of ${plan.nodes.length} nodes`);
  const hold = async (): Promise<Map<string, string>> => {
    const held = await holdBusyNodes(plan, jobs, signal);
    if (options.primePending === 'always') await submitBlockingJob(options.testbed.env, options.primePartition ?? 'prime', plan.nodes.length);
    return held;
  };
  let holding = await hold();
  const controlMs = Math.min(options.controlMs ?? Math.min(plan.length / 3, MAX_CONTROL_MS), plan.length);
  const control: SubmittedPrimeJob[] = [];
  if (controlMs > 0) {
    await options.together?.('control');
    throwIfAborted(signal);
    say(`the first ${(controlMs / 60_000).toFixed(1)} minutes without pilots, to see how prime jobs start then`);
    control.push(...await measureWithoutPilots(jobs, plan, holding, controlMs, signal));
    throwIfAborted(signal);
    await jobs.cancelAll();
    holding = await hold();
  }
  say('starting pilots');
  await options.startPilots();
  const functions = options.functions ?? 100;
  say(`creating ${functions} functions`);
  for (let index = 0; index < functions; index++) {
    throwIfAborted(signal);
    await client.putWebAction(functionName(index), FUNCTION_KIND, FUNCTION_CODE, options.functionMemoryMB ?? 128);
  }
  if (plan.idleAtBegin.length > 0) {
    say('waiting for the first invoker');
    await waitUntil(FIRST_INVOKER_MS, signal, async () => ((await client.look())?.healthy.length ?? 0) > 0, () => {
      throw new ReplayError('ENOINVOKER', `no invoker was healthy ${FIRST_INVOKER_MS / 1000} s after the pilots were started, though ${plan.idleAtBegin.length} nodes are idle`);
    });
  }
  await options.together?.('window');
  throwIfAborted(signal);
  return { holding, control };
}

/** A log's text under its name; nothing where there is none. */
async function logOf<Name extends string>(name: Name, file: string | undefined): Promise<Partial<Record<Name, string>>> {
  if (file === undefined) return {};
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text === undefined ? {} : { [name]: text } as Record<Name, string>;
}

/** One prime job for each node that is busy at the begin; resolves when all of them run. */
async function holdBusyNodes(plan: ReplayPlan, jobs: PrimeJobs, signal: AbortSignal): Promise<Map<string, string>> {
  const holding = new Map<string, string>();
  for (const { node, arrives } of plan.jobs) {
    if (arrives !== null) continue;
    throwIfAborted(signal);
    holding.set(node, (await jobs.submit({ node, endsAt: null })).id);
  }
  await waitUntil(60_000 + 2000 * holding.size, signal, async () => {
    const starts = await jobs.starts();
    return [...holding.values()].every((id) => starts.has(id));
  }, () => { throw new ReplayError('ESLURM', 'the prime jobs that should hold the busy nodes do not start'); });
  return holding;
}

interface WindowFindings {
  readonly begin: number;
  readonly loadBegin: number;
  readonly samples: ReturnType<Sampler['samples']>;
  readonly burden: ReturnType<Sampler['burden']>;
  readonly calls: Call[];
  /** Those of the warm-up included. */
  readonly allCalls: Call[];
  readonly arrivals: Arrival[];
}

async function runWindow(
  options: ReplayOptions, plan: ReplayPlan, jobs: PrimeJobs, client: ControllerClient, holding: ReadonlyMap<string, string>,
  warnings: string[], onProgress: (progress: ReplayProgress) => void, signal: AbortSignal,
): Promise<WindowFindings> {
  const { rate = 10, functions = 100, testbed, pilotPartition = 'whisk' } = options;
  const warmUpMs = options.warmUpMs ?? Math.max(10_000, (2000 * functions) / rate);
  const loadBegin = Date.now() + 100;
  const begin = loadBegin + warmUpMs;
  const [calls, allCalls, arrivals]: [Call[], Call[], Arrival[]] = [[], [], []];
  const sampler = new Sampler({ env: testbed.env, partition: pilotPartition, client });
  const progress = setInterval(() => {
    const at = Date.now() - begin;
    if (at < 0) onProgress({ phase: 'preparing', text: `warming up, ${Math.ceil(-at / 1000)} s to go` });
    else if (at < plan.length) onProgress(runningProgress(plan, at, sampler.last(), calls));
  }, PROGRESS_MS);
  try {
    const load = runLoad({
      rate, functions, begin, warmUpMs, length: plan.length, client, signal,
      onCall: (call) => {
        allCalls.push(call);
        if (call.due >= 0) calls.push(call);
      },
    });
    const prime = playPrimeSchedule({
      jobs, plan, holding, begin, signal,
      pilotOn: (node) => sampler.last()?.pilots?.has(node) ?? false,
      onArrival: (arrival) => { arrivals.push(arrival); },
      onError: (error) => { warnings.push(error.message); },
    });
    await Promise.all([prime, sleepUntil(begin + plan.length, signal)]);
    throwIfAborted(signal);
    await sampler.stop();
    clearInterval(progress);
    onProgress({ phase: 'auditing', text: 'waiting for the last answers' });
    await load;
  } finally {
    clearInterval(progress);
    await sampler.stop();
  }
  return { begin, loadBegin, samples: sampler.samples(begin), burden: sampler.burden(), calls, allCalls, arrivals };
}

/** Looks until every accepted call has its record, or for `AUDIT_MS`: a call that was answered with 202 may still run. */
async function auditAll(client: ControllerClient, calls: readonly Call[], loadBegin: number, signal: AbortSignal): Promise<Audit> {
  const look = async (): Promise<Audit> => auditCalls(calls, await client.activationIds(loadBegin - CLOCK_SLACK_MS));
  let audit = await look();
  await waitUntil(AUDIT_MS, signal, async () => {
    if (audit.lost > 0) audit = await look();
    return audit.lost === 0;
  }, () => undefined, 3000);
  return audit;
}

/** What the records of the first few failed calls say. */
async function failuresOf(client: ControllerClient, calls: readonly Call[]): Promise<CallFailure[]> {
  const failures: CallFailure[] = [];
  for (const { due, outcome, status, activationId } of calls) {
    if (outcome !== 'failed' || failures.length >= MAX_FAILURES) continue;
    const text = activationId === undefined ? 'no activation id' : await client.activationError(activationId);
    failures.push({ due, status, ...(activationId === undefined ? {} : { activationId }), text });
  }
  return failures;
}

async function waitUntil(
  timeoutMs: number, signal: AbortSignal, done: () => Promise<boolean>, late: () => void, everyMs = 250,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!await done()) {
    if (Date.now() > deadline) {
      late();
      return;
    }
    await sleepUntil(Date.now() + everyMs, signal);
    throwIfAborted(signal);
  }
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new ReplayError('EABORTED', 'the replay was stopped');
}

async function factsOf(env: SlurmEnvironment): Promise<Record<string, string>> {
  const version = await runSlurm(env, 'sinfo', ['--version']);
  const config = await runSlurm(env, 'scontrol', ['show', 'config']);
  const parameters = /^SchedulerParameters\s*=\s*(.*)$/m.exec(config)?.[1]?.trim() ?? '';
  return {
    'Slurm': version.trim().replace(/^slurm(-wlm)? /, ''),
    'SchedulerParameters': parameters === '' || parameters === '(null)' ? 'defaults' : parameters,
    'Machine': `${cpus().length} CPUs, ${Math.round(totalmem() / 2 ** 30)} GB, Node.js ${process.versions.node}`,
  };
}
