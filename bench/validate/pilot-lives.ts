/**
 * The pilots of a window on a real Slurm: the production manager and backend, but what a pilot runs is a sleep of its
 * limit, which dies of SIGTERM at once, so that many testbeds fit on one machine. Its first line is its start; its end
 * is known from Slurm's log of ended jobs, in whole seconds, and from its limit.
 */
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandLineSlurm } from '../../src/slurm/command-line/command-line-slurm.ts';
import type { Testbed } from '../../src/testbed/testbed.ts';

/** A pilot on its node, epoch ms. */
export interface PilotLife {
  readonly id: string;
  readonly node: string;
  readonly start: number;
  readonly end: number;
  readonly limitMinutes: number;
  /** As Slurm wrote it down; RUNNING where it did not. */
  readonly state: string;
}

const PILOT_JOB_NAME = 'validate-pilot';

export async function pilotsOf(testbed: Testbed, directory: string, noReserve: boolean): Promise<CommandLineSlurm> {
  const starts = startsFile(directory);
  await appendFile(starts, '');
  return new CommandLineSlurm({
    partition: 'whisk', jobName: PILOT_JOB_NAME, env: testbed.env, ...noReserve ? { sbatchArguments: ['--qos=pilot'] } : {},
    script: ({ limitMinutes }) => `#!/bin/sh\necho "$SLURM_JOB_ID $SLURMD_NODENAME $(date +%s%3N) ${limitMinutes}" >> '${starts}'\nexec sleep ${limitMinutes * 60}\n`,
  });
}

/** @param until epoch ms: pilots that still ran then are said to end there */
export async function pilotLives(testbed: Testbed, directory: string, until: number): Promise<PilotLife[]> {
  const [started, jobs] = [await readFile(startsFile(directory), 'utf8'), await readFile(testbed.jobLog, 'utf8')];
  return livesOf(started, jobs, until);
}

/** @param started lines `id node ms minutes` @param jobs lines of jobcomp/filetxt */
export function livesOf(started: string, jobs: string, until: number): PilotLife[] {
  const ended = new Map<string, { state: string; endedAt: number }>();
  for (const line of jobs.split('\n')) {
    const [id, state, end] = [/\bJobId=(\d+)/.exec(line)?.[1], /\bJobState=(\w+)/.exec(line)?.[1], /\bEndTime=(\S+)/.exec(line)?.[1]];
    if (id !== undefined && state !== undefined && end !== undefined) ended.set(id, { state, endedAt: Date.parse(end) });
  }
  return started.split('\n').flatMap((line): PilotLife[] => {
    const [id, node, at, minutes] = line.split(' ');
    if (id === undefined || node === undefined || at === undefined || minutes === undefined) return [];
    const [start, limitMinutes] = [Number(at), Number(minutes)];
    const { state, endedAt } = ended.get(id) ?? { state: 'RUNNING', endedAt: until };
    // Slurm leaves out the part of the second; a pilot that left by itself did so at its limit.
    const seen = state === 'RUNNING' ? until : endedAt + 999;
    return [{ id, node, start, end: Math.min(seen, start + limitMinutes * 60_000, until), limitMinutes, state }];
  }).sort((a, b) => a.start - b.start);
}

function startsFile(directory: string): string {
  return join(directory, 'pilot-starts');
}
