/** Where pilots run: a Slurm, or a few pretended nodes of this machine; and the manager that keeps pilots in its queue. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { systemClock } from '../clock/system-clock.ts';
import type { Logger } from '../domain/logger.ts';
import type { DispatchView } from '../dispatch/dispatch.ts';
import type { PilotSite } from '../pilots/adaptive.ts';
import type { Demand } from '../pilots/pilot-demand.ts';
import { PilotManager } from '../pilots/pilot-manager.ts';
import { policyOf, type PolicyName } from '../pilots/policies.ts';
import { CommandLineSlurm } from '../slurm/command-line/command-line-slurm.ts';
import { LocalCluster, type LocalClusterEvent } from '../slurm/local/local-cluster.ts';
import { SlurmError, type Slurm } from '../slurm/slurm.ts';
import { demonstrationSurface } from '../traces/demonstration.ts';
import { CommandError } from './command-error.ts';
import { readPilotSite } from './pilot-site.ts';

export interface ClusterOptions {
  cluster: 'local' | 'slurm';
  state: string;
  partition?: string;
  policy: PolicyName;
  overtime: boolean;
  /** Invokers kept when nobody calls (policy adaptive). */
  floor?: number;
  site: PilotSite;
  demand: () => Demand;
  invokerMemory?: number;
  nodes: number;
  seed: number;
  sandbox: 'auto' | 'bubblewrap' | 'process';
  sbatchArguments: readonly string[];
  /** The bundled invoker. */
  bundle: string;
  linkFile: string;
  logDirectory: string;
  logger: Logger;
  /** Says a line to who watches the terminal. */
  tell: (line: string) => void;
}

export interface OpenCluster { slurm: Slurm; manager: PilotManager }

const LOCAL_MEMORY_MB = 2048;
/** Room for one call of an action with OpenWhisk's standard memory. */
const SLOT_MB = 256;
/** Nobody else asks the pretended Slurm anything, and who watches wants to see something. */
const LOCAL_PERIOD_MS = 1_000;

export function openCluster(options: ClusterOptions): OpenCluster {
  const slurm = options.cluster === 'local' ? localCluster(options) : slurmCluster(options);
  const manager = new PilotManager({
    slurm, clock: systemClock, logger: options.logger, demand: options.demand,
    policy: policyOf(options.policy, {
      ...(options.cluster === 'local' ? { depth: 1 } : {}),
      ...(options.overtime ? { limitMinutes: 1 } : {}),
      ...(options.floor === undefined ? {} : { floor: options.floor }),
      site: options.site,
    }),
    options: options.cluster === 'local' ? { periodMs: LOCAL_PERIOD_MS } : {},
  });
  return { slurm, manager };
}

/** Only the policy that goes by it asks. */
export async function pilotSiteOf(options: Pick<ClusterOptions, 'cluster' | 'policy' | 'partition' | 'sbatchArguments'>): Promise<PilotSite> {
  return options.cluster === 'slurm' && options.policy === 'adaptive' ? await readPilotSite(options, slurmEnvironment()) : {};
}

export function demandOf({ running, queued, rescued, invokers }: DispatchView, callsPerSecond: number): Demand {
  const memoryMB = invokers.reduce((sum, invoker) => sum + invoker.memoryMB, 0);
  return { running, queued: queued + rescued, callsPerSecond, slotsPerInvoker: invokers.length === 0 ? 1 : Math.max(1, Math.floor(memoryMB / invokers.length / SLOT_MB)) };
}

/** @throws {CommandError} */
export async function startManager(manager: PilotManager): Promise<void> {
  try {
    await manager.start();
  } catch (error) {
    if (error instanceof SlurmError && error.kind === 'user') throw new CommandError('ESLURM', error.message, 69, { cause: error });
    throw error;
  }
}

function localCluster(options: ClusterOptions): LocalCluster {
  const nodes = Array.from({ length: options.nodes }, (_, index) => `node${index + 1}`);
  const settings = pilotSettings(options);
  return new LocalCluster({
    nodes, surface: demonstrationSurface(options.seed, nodes, systemClock.now()), clock: systemClock, logger: options.logger,
    command: ({ jobId, node, limitMinutes }) => ({
      outputFile: join(options.logDirectory, 'pilots.log'),
      argv: [process.execPath, options.bundle],
      env: {
        PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...settings,
        HPCWHISK_INVOKER_MEMORY_MB: String(options.invokerMemory ?? LOCAL_MEMORY_MB),
        HPCWHISK_LIMIT_MINUTES: String(limitMinutes), HPCWHISK_NODE: node, SLURM_JOB_ID: jobId, HPCWHISK_TERM_CAUSE: 'preempted',
      },
    }),
    onEvent: (event) => { const line = eventLine(event); if (line !== undefined) options.tell(line); },
  });
}

function slurmCluster(options: ClusterOptions): CommandLineSlurm {
  const settings = pilotSettings(options);
  return new CommandLineSlurm({
    ...(options.partition === undefined ? {} : { partition: options.partition }),
    jobName: `hpcwhisk-${createHash('sha256').update(options.state).digest('hex').slice(0, 8)}`,
    script: (pilot) => jobScript(options.bundle, {
      ...settings,
      ...(options.invokerMemory === undefined ? {} : { HPCWHISK_INVOKER_MEMORY_MB: String(options.invokerMemory) }),
      HPCWHISK_LIMIT_MINUTES: runsOverTime(options) ? 'none' : String(pilot.limitMinutes),
    }),
    sbatchArguments: options.sbatchArguments,
    env: slurmEnvironment(),
    logger: options.logger,
  });
}

/** The limit does not end such a pilot, so it has no lease. */
function runsOverTime({ overtime, policy, site }: ClusterOptions): boolean {
  return overtime || (policy === 'adaptive' && site.overTimeLimit === true && site.noReserve !== true);
}

function pilotSettings({ linkFile, sandbox }: ClusterOptions): Record<string, string> {
  return { HPCWHISK_LINK_FILE: linkFile, HPCWHISK_SANDBOX: sandbox };
}

/** `exec`, because a shell without a trap would die of SIGTERM and leave the invoker without a word. */
function jobScript(bundle: string, settings: Readonly<Record<string, string>>): string {
  const exports = Object.entries(settings).map(([name, value]) => `export ${name}=${shellQuoted(value)}`);
  return ['#!/bin/sh', ...exports, `exec ${shellQuoted(process.execPath)} ${shellQuoted(bundle)}`, ''].join('\n');
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Which Slurm: its commands read SLURM_CONF, and jobs inherit it. */
function slurmEnvironment(): Record<string, string> {
  const conf = process.env['SLURM_CONF'];
  return conf === undefined ? {} : { SLURM_CONF: conf };
}

function eventLine(event: LocalClusterEvent): string | undefined {
  const time = new Date().toTimeString().slice(0, 8);
  switch (event.type) {
    case 'node-idle': return `${time}  ${event.node} came idle`;
    case 'pilot-started': return `${time}  ${event.node} has pilot ${event.jobId} (at most ${event.limitMinutes} min)`;
    case 'pilot-ended': return undefined;
    case 'node-taken': return `${time}  a prime job took ${event.node}${event.jobId === undefined ? '' : ` back from pilot ${event.jobId} and waited ${Math.round(event.waitMs)} ms`}`;
  }
}
