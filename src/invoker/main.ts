/**
 * What a pilot job runs: one invoker from start to end. It is bundled into one file and loads little before it has
 * joined, because the time from exec to joined is coverage.
 */
import { realpathSync, rmSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../clock/system-clock.ts';
import { dialWebSocket } from '../link/websocket/dial-websocket.ts';
import { readImages } from '../runtimes/images.ts';
import type { ImageCatalogue } from '../runtimes/images.ts';
import { runtimeLauncher } from '../runtimes/launch.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { Invoker } from './invoker.ts';
import { stemCellsOf } from './options.ts';
import { jsonLogger } from './json-logger.ts';
import { removeStaleScratch, scratchDirectory } from './scratch.ts';
import { InvalidSettings, readSettings } from './settings.ts';
import type { InvokerArguments, InvokerSettings } from './settings.ts';
import { termCause } from './term-cause.ts';

/** Slurm may signal the batch script and its processes apart: two signals this close together are one. */
const SAME_SIGNAL_MS = 500;

/**
 * Runs an invoker until it has given its node back. Handles SIGTERM and SIGINT meanwhile; a second one exits at once.
 * @returns the exit code: 0 after a drain, 1 when it was refused
 * @throws {InvalidSettings}
 */
export async function runInvoker(given: InvokerArguments = {}): Promise<number> {
  const clock = systemClock;
  const startedAt = Math.round(clock.now() - process.uptime() * 1000);
  const settings = readSettings(given, process.env, startedAt);
  const invokerId = `${settings.jobId ?? 'invoker'}-${settings.node}-${randomBytes(4).toString('hex')}`;
  const logger = jsonLogger(clock, (line) => { process.stderr.write(line); }, { invoker: invokerId });
  const scratchDir = scratchDirectory(settings.scratchBase);
  const invoker = new Invoker({
    link: (handler) => dialWebSocket({
      url: settings.url, token: settings.token, handler, clock, onTrouble: (reason) => { logger.warn({ reason }, 'link trouble'); },
    }),
    sandbox: async () => {
      const { sandbox, reason } = await sandboxOf(settings, scratchDir);
      logger.info({ sandbox: sandbox.name, startupMs: Math.round(performance.now()), ...(reason === undefined ? {} : { reason }) }, 'joined');
      const stale = removeStaleScratch(settings.scratchBase);
      if (stale.length > 0) logger.info({ stale }, 'removed what dead invokers left');
      return sandbox;
    },
    imageSandbox: async () => (await import('../sandbox/choose-sandbox.ts')).imageSandbox({ network: settings.network }),
    launcher: runtimeLauncher(settings.assets, () => configuredImages(settings.imagesFile)),
    clock,
    logger,
    options: {
      invokerId, startedAt, node: settings.node, jobId: settings.jobId, memoryMB: settings.memoryMB, leaseEndsAt: settings.leaseEndsAt,
      holdMs: settings.holdMs, drainMarginMs: settings.drainMarginMs, apiHost: settings.apiHost,
      prewarm: settings.prewarm === undefined ? undefined : stemCellsOf(settings.prewarm), uptimeMs: () => Math.round(performance.now()),
    },
  });
  const stopListening = drainOnSignals(invoker, settings, scratchDir);
  invoker.start();
  const end = await invoker.ended;
  stopListening();
  await rm(scratchDir, { recursive: true, force: true });
  if (end.refused !== undefined) logger.error({ reason: end.refused }, 'cannot work');
  return end.refused === undefined ? 0 : 1;
}

async function sandboxOf(settings: InvokerSettings, scratchDir: string): Promise<{ sandbox: Sandbox; reason?: string }> {
  const [{ chooseSandbox }, { closeInheritedDescriptors }] = await Promise.all([
    import('../sandbox/choose-sandbox.ts'), import('../sandbox/inherited-descriptors.ts'),
  ]);
  closeInheritedDescriptors();
  return chooseSandbox(settings.sandbox, { scratchDir, network: settings.network });
}

async function configuredImages(file: string | undefined): Promise<ImageCatalogue> {
  return readImages(file === undefined ? { images: {} } : JSON.parse(await readFile(file, 'utf8')));
}

/** @returns what ends it */
function drainOnSignals(invoker: Invoker, settings: InvokerSettings, scratchDir: string): () => void {
  let firstAt: number | undefined;
  const listener = (signal: NodeJS.Signals): void => {
    const now = systemClock.now();
    if (firstAt !== undefined) {
      if (now - firstAt < SAME_SIGNAL_MS) return;
      rmSync(scratchDir, { recursive: true, force: true });
      process.exit(1);
    }
    firstAt = now;
    const { jobId, leaseEndsAt } = settings;
    void invoker.drain(signal === 'SIGINT' ? 'shutdown' : termCause({ env: process.env, jobId, leaseEndsAt, now }));
  };
  process.on('SIGTERM', listener);
  process.on('SIGINT', listener);
  return () => {
    process.off('SIGTERM', listener);
    process.off('SIGINT', listener);
  };
}

function isProgram(): boolean {
  const program = process.argv[1];
  return program !== undefined && realpathSync(program) === fileURLToPath(import.meta.url);
}

if (isProgram()) {
  try {
    process.exit(await runInvoker());
  } catch (error) {
    process.stderr.write(`${error instanceof InvalidSettings ? error.message : String(error)}\n`);
    process.exit(error instanceof InvalidSettings ? 2 : 1);
  }
}
