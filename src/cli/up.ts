/** `hpcwhisk up`: controller and pilot manager in one process. Everything that can be refused is checked before anything is started. */
import { rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { Limits } from '../domain/limits.ts';
import type { PilotManager } from '../pilots/pilot-manager.ts';
import { openFileLogger } from '../telemetry/file-logger.ts';
import { demandOf, openCluster, pilotSiteOf, startManager, type ClusterOptions, type OpenCluster } from './clusters.ts';
import { CommandError, errorText } from './command-error.ts';
import { RateMeter, type ControllerStatus, type PilotsStatus } from './controller-status.ts';
import { checkPort, EmbeddedController, LINK_PATH } from './embedded-controller.ts';
import { readLimits } from './limits-file.ts';
import { buildPilotBundle } from './pilot-bundle.ts';
import { linkSocketIn, makeDirectories, StateDirectory } from './state-directory.ts';
import { checkTlsOptions, openCertificate, type TlsOptions } from './tls-certificate.ts';

export interface UpOptions extends Omit<ClusterOptions, 'bundle' | 'linkFile' | 'logDirectory' | 'logger' | 'tell' | 'site' | 'demand'>, TlsOptions {
  host: string;
  port: number;
  webDomain?: string;
  store?: string;
  keepActivationsDays: number;
  keepActivations: number;
  auth?: string;
  limits?: string;
  /** YAML or JSON file of the images that actions may name. */
  images?: string;
  logLevel: string;
}

/** How long a clean stop waits for invokers to drain. Longer than the invoker's hold time, so that no call is broken off by it. */
const DRAIN_MS = 5_000;
const DAY_MS = 86_400_000;
const LOG_LEVELS = ['debug', 'info', 'warn', 'error'];

export async function runUp(options: UpOptions): Promise<void> {
  // Whoever read along may go away (`hpcwhisk up | head`): that is no reason to stop.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  if (!LOG_LEVELS.includes(options.logLevel)) throw new CommandError('EUSAGE', `--log-level must be one of ${LOG_LEVELS.join(', ')}`, 64);
  if (options.overtime && options.policy !== 'single') throw new CommandError('EUSAGE', '--overtime goes with --policy single', 64);
  if (options.floor !== undefined && options.policy !== 'adaptive') throw new CommandError('EUSAGE', '--floor goes with --policy adaptive', 64);
  const limits = await readLimits(options.limits);
  checkTlsOptions(options);
  for (const port of [options.port, options.tlsPort]) if (port !== undefined) await checkPort(options.host, port);
  const state = new StateDirectory(options.state);
  await state.create();
  await makeDirectories(resolve(options.store ?? state.file('store')));
  const stopped = stopSignal();
  const platform = await startPlatform(options, limits, state);
  try {
    printBanner(options, state, platform);
    await stopped;
    console.log('Stopping: invokers drain and pilots end …');
  } finally {
    await platform.stop();
  }
  console.log('Stopped. The state is kept.');
}

interface Platform {
  url: string;
  stop(): Promise<void>;
}

async function startPlatform(options: UpOptions, limits: Limits, state: StateDirectory): Promise<Platform> {
  const authKey = await state.authKey(options.auth);
  const [linkToken, adminToken, keySecret] = [await state.linkToken(), await state.adminToken(), await state.keySecret()];
  const log = openFileLogger(state.file('controller.log'), options.logLevel);
  const { logger } = log;
  const startedAt = Date.now();
  const storeDirectory = resolve(options.store ?? state.file('store'));
  const url = `http://${urlHost(options.host)}:${options.port}`;
  const tls = options.tlsPort === undefined ? undefined : { port: options.tlsPort, ...await openCertificate(options, state, options.host, options.webDomain) };
  const cleanUps: (() => void | Promise<void>)[] = [() => { log.close(); }];
  // The last thing started is the first to stop; a failure on the way up stops what stands already.
  const stop = async (): Promise<void> => { for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp(); };
  try {
    const rate = new RateMeter();
    const running: { cluster?: OpenCluster } = {};
    const linkSocket = options.cluster === 'local' ? linkSocketIn(state.path) : undefined;
    const controller = await EmbeddedController.start({
      ...(linkSocket === undefined ? {} : { linkSocket }),
      ...(tls === undefined ? {} : { tls }),
      ...(options.webDomain === undefined ? {} : { webDomain: options.webDomain }),
      retention: { keepActivationsMs: options.keepActivationsDays * DAY_MS, keepActivations: options.keepActivations },
      host: options.host, port: options.port, storeDirectory, authKey, keySecret, limits, linkToken, adminToken, logger,
      statusExtras: () => status(options, url, startedAt, rate, running.cluster?.manager) satisfies ControllerStatus,
    });
    cleanUps.push(() => controller.stop(DRAIN_MS));
    const sampling = setInterval(() => { rate.sample(controller.dispatcher.view().counts.completed); }, 1_000).unref();
    cleanUps.push(() => { clearInterval(sampling); });

    await state.writeSecret('link.json', JSON.stringify({ url: linkUrl(url, linkSocket), token: linkToken, apiHost: url }));
    cleanUps.push(() => rm(state.file('link.json'), { force: true }));
    const bundle = await buildPilotBundle(state.file('pilot'), options.images);
    const arrivals = new RateMeter();
    const counting = setInterval(() => { const { accepted, rejected } = controller.dispatcher.view().counts; arrivals.sample(accepted + rejected); }, 1_000).unref();
    cleanUps.push(() => { clearInterval(counting); });
    const cluster = openCluster({
      ...options, site: await pilotSiteOf(options), demand: () => demandOf(controller.dispatcher.view(), arrivals.perSecond()), bundle, linkFile: state.file('link.json'), logDirectory: state.file('pilot'), logger,
      tell: (line) => { console.log(line); },
    });
    running.cluster = cluster;
    const { manager, slurm } = cluster;
    cleanUps.push(() => slurm.close());
    await startManager(manager);
    cleanUps.push(() => endPilots(manager));
    await state.writeSecret('controller.json', JSON.stringify({ pid: process.pid, startedAt, url }));
    cleanUps.push(() => rm(state.file('controller.json'), { force: true }), () => { controller.refuseRequests(); });
    return { url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Cancelled pilots get SIGTERM; the controller still listens while their invokers drain. */
async function endPilots(manager: PilotManager): Promise<void> {
  try {
    await manager.stop({ cancel: true });
  } catch (error) {
    console.error(`hpcwhisk: EPILOTS: the pilot jobs could not be cancelled: ${errorText(error)}`);
  }
}

function status(options: UpOptions, url: string, startedAt: number, rate: RateMeter, manager: PilotManager | undefined): ControllerStatus {
  return { url, startedAt, callsPerSecond: rate.perSecond(), pilots: { ...manager?.status() ?? nothingKnown, cluster: options.cluster, policy: options.policy } };
}

/** Before the pilot manager is there. */
const nothingKnown: Omit<PilotsStatus, 'cluster' | 'policy'> = { pending: 0, running: 0, nodes: { idle: 0, total: 0 }, reasons: {}, why: [], backoffMs: 0 };

function linkUrl(url: string, socket: string | undefined): string {
  return socket === undefined ? `${url.replace('http', 'ws')}${LINK_PATH}` : `ws+unix:${socket}:${LINK_PATH}`;
}

/** Resolves at the first SIGINT or SIGTERM; a repetition changes nothing, since both the terminal and npm may send it. */
function stopSignal(): Promise<void> {
  return new Promise((stop) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => { stop(); });
  });
}

/** An address that clients and pilots can dial: a wildcard listens everywhere, but is no place to go to. */
function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return hostname();
  return host.includes(':') ? `[${host}]` : host;
}

function printBanner(options: UpOptions, state: StateDirectory, platform: Platform): void {
  const cluster = options.cluster === 'local'
    ? `${options.nodes} pretended nodes of this machine (seed ${options.seed})`
    : `Slurm${options.partition === undefined ? '' : `, partition ${options.partition}`}`;
  console.log([
    'HPC-Whisk is up.',
    `  API host   ${platform.url}${options.tlsPort === undefined ? '' : ` and https://${urlHost(options.host)}:${options.tlsPort}`}`,
    `  key        ${state.file('auth')} (uuid:key of the namespace guest)`,
    `  cluster    ${cluster}, policy ${options.policy}`,
    `  status     bin/hpcwhisk status --state ${state.path}`,
    '',
    'A first call, to paste into another terminal:',
    `  curl -s -u "$(cat ${state.file('auth')})" -H 'content-type: application/json' -X PUT '${platform.url}/api/v1/namespaces/_/actions/hello?overwrite=true' \\`,
    `    -d '{"exec":{"kind":"nodejs:default","code":"function main({name}) { return {greeting: \\"Hello \\" + (name || \\"world\\")} }"}}' > /dev/null`,
    `  curl -s -u "$(cat ${state.file('auth')})" -H 'content-type: application/json' -d '{"name":"Slurm"}' '${platform.url}/api/v1/namespaces/_/actions/hello?blocking=true&result=true'`,
    '',
    'Ctrl-C drains and stops everything.',
    '',
  ].join('\n'));
}
