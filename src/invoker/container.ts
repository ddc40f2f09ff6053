import type { Clock } from '../clock/clock.ts';
import type { Launch } from '../runtimes/launch.ts';
import { CHANNEL_DESCRIPTOR } from '../sandbox/sandbox.ts';
import type { Box, Sandbox } from '../sandbox/sandbox.ts';
import { LogCollector } from './log-collector.ts';
import { RuntimeConnection } from './runtime-connection.ts';
import { MAX_RESULT_BYTES, TRUNCATED_RESULT_BYTES } from './runtime-responses.ts';

/** A box with an action runtime in it: what talks to the runtime, and what reads its logs. */
export class Container {
  readonly box: Box;
  readonly connection: RuntimeConnection;
  readonly logs: LogCollector;
  /** An action was loaded into it. */
  initialized = false;

  constructor(box: Box, clock: Clock) {
    this.box = box;
    this.connection = new RuntimeConnection(box.channel, { maxBodyBytes: MAX_RESULT_BYTES, truncateToBytes: TRUNCATED_RESULT_BYTES });
    this.logs = new LogCollector(box.stdout, box.stderr, clock);
  }
}

export interface ContainerStart {
  sandbox: Sandbox;
  launch: Launch;
  id: string;
  memoryMB: number;
  clock: Clock;
  /** For actions that call back; absent when it is not known. */
  apiHost: string | undefined;
}

/** Spawns the runtime; it takes requests at once, they wait in the channel until it is up. @throws {Error} */
export async function startContainer(start: ContainerStart): Promise<Container> {
  const { sandbox, launch, id, memoryMB } = start;
  const workDirectory = sandbox.workDirectory(id);
  const box = await sandbox.start({
    id,
    memoryMB,
    command: launch.command((path) => sandbox.inside(path), memoryMB),
    readOnly: launch.readOnly,
    env: {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      HOME: workDirectory,
      TMPDIR: workDirectory,
      LANG: 'C.UTF-8',
      HPCWHISK_FD: String(CHANNEL_DESCRIPTOR),
      __OW_ALLOW_CONCURRENT: 'false',
      ...(start.apiHost === undefined ? {} : { __OW_API_HOST: start.apiHost }),
      ...launch.env,
    },
  });
  return new Container(box, start.clock);
}
