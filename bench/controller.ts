/** The embedded controller alone, without pilots: invokers are started by the benchmark. Arguments: port, state directory. Prints `ready`. */
import { EmbeddedController } from '../src/cli/embedded-controller.ts';
import { readLimits } from '../src/cli/limits-file.ts';
import { linkSocketIn, makeDirectories, StateDirectory } from '../src/cli/state-directory.ts';
import { openFileLogger } from '../src/telemetry/file-logger.ts';

const [port, directory] = process.argv.slice(2);
const state = new StateDirectory(directory ?? '');
await state.create();
await makeDirectories(state.file('store'));
const log = openFileLogger(state.file('controller.log'), 'warn');
const controller = await EmbeddedController.start({
  linkSocket: linkSocketIn(state.path) ?? '',
  host: '127.0.0.1', port: Number(port), storeDirectory: state.file('store'), authKey: await state.authKey(undefined), keySecret: await state.keySecret(),
  // As many calls as it can: what is measured is not a throttle.
  limits: await readLimits('unlimited'),
  linkToken: await state.linkToken(), adminToken: await state.adminToken(), logger: log.logger, statusExtras: () => ({}),
});
process.on('SIGTERM', () => {
  void controller.stop(1_000).then(() => { log.close(); process.exit(0); });
});
console.log('ready');
