import { existsSync, readFileSync, statSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SandboxChoice } from '../sandbox/sandbox.ts';

/** What the program `invoker` is told: by options first, then by its environment, then by Slurm's. */
export interface InvokerSettings {
  url: string;
  token: string;
  memoryMB: number;
  /** Epoch ms; null without an end. */
  leaseEndsAt: number | null;
  sandbox: SandboxChoice;
  network: 'host' | 'none';
  holdMs: number | undefined;
  drainMarginMs: number | undefined;
  /** Stem cells of each kind. */
  prewarm: number | undefined;
  scratchBase: string;
  jobId: string | undefined;
  node: string;
  assets: string;
  apiHost: string | undefined;
  /** JSON file of the images that actions may name; none where there is none. */
  imagesFile: string | undefined;
}

/** As on the command line of `hpcwhisk invoker`; all optional. */
export interface InvokerArguments {
  linkFile?: string;
  memoryMB?: number;
  /** Wall time limit in minutes; 'none' without an end. */
  limitMinutes?: number | 'none';
  sandbox?: SandboxChoice;
  network?: 'host' | 'none';
  holdMs?: number;
  drainMarginMs?: number;
  prewarm?: number;
  scratchDir?: string;
  node?: string;
  apiHost?: string;
}

/** What was given makes no sense: one line for whoever gave it. */
export class InvalidSettings extends Error {
  override readonly name = 'InvalidSettings';
}

type Environment = Record<string, string | undefined>;

const DEFAULT_MEMORY_MB = 1024;
/** Of a job's memory, what the invoker itself takes. */
const OWN_MEMORY_MB = 128;
const MINUTE_MS = 60_000;

/**
 * Removes what is secret from `env`.
 * @param startedAt epoch ms at which this process began
 * @throws {InvalidSettings}
 */
export function readSettings(given: InvokerArguments, env: Environment, startedAt: number): InvokerSettings {
  const { url, token, apiHost } = readCredentials(given.linkFile, env);
  return {
    url, token,
    network: networkChoice(given.network ?? present(env['HPCWHISK_NETWORK']) ?? 'host'),
    memoryMB: given.memoryMB ?? memoryOf(env),
    leaseEndsAt: leaseEnd(given.limitMinutes ?? env['HPCWHISK_LIMIT_MINUTES'], startedAt),
    sandbox: sandboxChoice(given.sandbox ?? present(env['HPCWHISK_SANDBOX']) ?? 'auto'),
    holdMs: given.holdMs ?? numberIn(env, 'HPCWHISK_HOLD_MS', 0),
    drainMarginMs: given.drainMarginMs ?? numberIn(env, 'HPCWHISK_DRAIN_MARGIN_MS', 0),
    prewarm: given.prewarm ?? numberIn(env, 'HPCWHISK_PREWARM', 0),
    scratchBase: given.scratchDir ?? scratchBase(env),
    jobId: slurmJobId(env),
    node: given.node ?? nodeName(env),
    assets: findAssets(env),
    apiHost: given.apiHost ?? present(env['HPCWHISK_API_HOST']) ?? apiHost ?? apiHostOf(url),
    imagesFile: imagesFile(env),
  };
}

interface Credentials {
  url: string;
  token: string;
  /** Where actions find the API, when the link's URL does not tell: a Unix socket has no host. */
  apiHost?: string;
}

/** The token is never on a command line, which `scontrol show job` and `ps` show to everyone. */
function readCredentials(givenFile: string | undefined, env: Environment): Credentials {
  const file = givenFile ?? present(env['HPCWHISK_LINK_FILE']);
  const url = env['HPCWHISK_LINK_URL'];
  const token = env['HPCWHISK_LINK_TOKEN'];
  for (const name of ['HPCWHISK_LINK_FILE', 'HPCWHISK_LINK_URL', 'HPCWHISK_LINK_TOKEN']) Reflect.deleteProperty(env, name);
  if (file === undefined) {
    if (url === undefined || token === undefined) throw new InvalidSettings('No controller: set HPCWHISK_LINK_FILE, or HPCWHISK_LINK_URL and HPCWHISK_LINK_TOKEN.');
    return { url, token };
  }
  let text: string;
  try {
    if ((statSync(file).mode & 0o077) !== 0) throw new InvalidSettings(`${file} holds a secret but others can read it: chmod 600 ${file}`);
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof InvalidSettings) throw error;
    throw new InvalidSettings(`Cannot read the link file ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  const parsed = parseCredentials(text);
  if (parsed === undefined) throw new InvalidSettings(`${file} is not {"url": "ws://…", "token": "…"}.`);
  return parsed;
}

function parseCredentials(text: string): Credentials | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('url' in value) || !('token' in value)) return undefined;
    const { url, token } = value;
    if (typeof url !== 'string' || typeof token !== 'string') return undefined;
    return { url, token, ...('apiHost' in value && typeof value.apiHost === 'string' ? { apiHost: value.apiHost } : {}) };
  } catch {
    return undefined;
  }
}

function memoryOf(env: Environment): number {
  const told = numberIn(env, 'HPCWHISK_INVOKER_MEMORY_MB', 1);
  if (told !== undefined) return told;
  const job = Number(env['SLURM_MEM_PER_NODE'] ?? 0);
  return job > OWN_MEMORY_MB ? job - OWN_MEMORY_MB : DEFAULT_MEMORY_MB;
}

function leaseEnd(minutes: string | number | undefined, startedAt: number): number | null {
  if (minutes === undefined || minutes === '' || minutes === 'none') return null;
  const limit = Number(minutes);
  if (!Number.isFinite(limit) || limit <= 0) throw new InvalidSettings(`The time limit must be minutes or none, not ${minutes}.`);
  return startedAt + limit * MINUTE_MS;
}

function sandboxChoice(choice: string): SandboxChoice {
  if (choice === 'auto' || choice === 'process' || choice === 'bubblewrap') return choice;
  throw new InvalidSettings(`The sandbox must be auto, process or bubblewrap, not ${choice}.`);
}

function networkChoice(choice: string): 'host' | 'none' {
  if (choice === 'host' || choice === 'none') return choice;
  throw new InvalidSettings(`The network must be host or none, not ${choice}.`);
}

function scratchBase(env: Environment): string {
  return present(env['HPCWHISK_SCRATCH']) ?? join(tmpdir(), `hpcwhisk-${process.getuid?.() ?? 0}`);
}

function nodeName(env: Environment): string {
  return present(env['SLURMD_NODENAME']) ?? present(env['HPCWHISK_NODE']) ?? hostname();
}

function numberIn(env: Environment, name: string, least: number): number | undefined {
  const text = present(env[name]);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isFinite(value) || value < least) throw new InvalidSettings(`${name} must be a number of at least ${least}, not ${text}.`);
  return value;
}

function slurmJobId(env: Environment): string | undefined {
  const array = present(env['SLURM_ARRAY_JOB_ID']);
  const task = present(env['SLURM_ARRAY_TASK_ID']);
  return array !== undefined && task !== undefined ? `${array}_${task}` : present(env['SLURM_JOB_ID']);
}

/** Beside the bundle, else the checkout's. */
function findAssets(env: Environment): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const candidates = [present(env['HPCWHISK_ASSETS']), join(here, 'runtimes'), join(here, '../../runtimes')];
  const found = candidates.find((directory) => directory !== undefined && existsSync(join(directory, 'nodejs/runtime.cjs')));
  if (found === undefined) throw new InvalidSettings('Cannot find the action runtimes: set HPCWHISK_ASSETS to the directory that holds nodejs/runtime.cjs.');
  return found;
}

/** Named in the environment, else beside the runtimes, where the pilot bundle puts it. */
function imagesFile(env: Environment): string | undefined {
  const named = present(env['HPCWHISK_IMAGES']);
  const beside = join(findAssets(env), '../images.json');
  return named ?? (existsSync(beside) ? beside : undefined);
}

/** The controller serves link and API on one port. */
function apiHostOf(url: string): string | undefined {
  const parsed = URL.parse(url);
  return parsed === null || parsed.host === '' ? undefined : `${parsed.protocol === 'wss:' ? 'https' : 'http'}://${parsed.host}`;
}

function present(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
