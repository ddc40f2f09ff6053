import type { Clock } from '../clock/clock.ts';
import type { Launch } from '../runtimes/launch.ts';
import { CHANNEL_DESCRIPTOR } from '../sandbox/sandbox.ts';
import type { Box, Sandbox } from '../sandbox/sandbox.ts';
import { LogCollector } from './log-collector.ts';
import { RuntimeConnection } from './runtime-connection.ts';
import { SharedLogs } from './shared-logs.ts';
import { TRUNCATED_RESULT_BYTES } from './runtime-responses.ts';

/** A box with an action runtime in it: what talks to the runtime, and what reads its logs. */
export class Container {
  readonly box: Box;
  readonly connection: RuntimeConnection;
  readonly logs: LogCollector;
  /** An action was loaded into it. */
  initialized = false;
  /** Whether that succeeded, for those who are to share it. */
  readonly ready: Promise<boolean>;
  #opened!: (initialized: boolean) => void;
  #sharedLogs: SharedLogs | undefined;
  #occupants = 0;

  /** Of an answer of its runtime. */
  readonly maxResultBytes: number;

  constructor(box: Box, maxResultBytes: number, clock: Clock) {
    this.box = box;
    this.maxResultBytes = maxResultBytes;
    this.connection = new RuntimeConnection(box.channel, { maxBodyBytes: maxResultBytes, truncateToBytes: TRUNCATED_RESULT_BYTES });
    this.logs = new LogCollector(box.stdout, box.stderr, clock);
    this.ready = new Promise((resolve) => { this.#opened = resolve; });
  }

  /** Tells those who wait for its /init what has come of it. The first time counts. */
  opened(initialized: boolean): void {
    this.initialized ||= initialized;
    this.#opened(this.initialized);
  }

  /** Others are in it besides. */
  get shared(): boolean {
    return this.#occupants > 1;
  }

  enter(): void {
    this.#occupants += 1;
    this.box.active = true;
  }

  leave(): void {
    this.#occupants -= 1;
    if (this.#occupants === 0) this.box.active = false;
  }

  /** Logs of one call among several; from the first time on they are told apart by the runtime's marks. */
  logsOf(call: string, clock: Clock): LogCollector {
    this.#sharedLogs ??= new SharedLogs(this.logs.detach(), clock);
    return this.#sharedLogs.open(call);
  }

  closeLogs(call: string): void {
    this.#sharedLogs?.close(call);
  }
}

export interface ContainerStart {
  sandbox: Sandbox;
  launch: Launch;
  id: string;
  memoryMB: number;
  maxResultBytes: number;
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
    ...(launch.image === undefined ? {} : { image: launch.image }),
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
  return new Container(box, start.maxResultBytes, start.clock);
}
