/**
 * The accounting of a testbed: a MariaDB that is reached over its socket only, slurmdbd before it, and in it the cluster,
 * the testbed's user and a QOS `pilot` with the flag NoReserve, which Slurm keeps nowhere else. It stands before slurmctld
 * starts, so that slurmctld knows the QOS from its first moment.
 */
import { execFile, spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { slurmEnvironment, startAnsweringDaemon } from './daemons.ts';
import type { ProcessIdentity } from './processes.ts';
import { TestbedError } from './testbed-error.ts';

const run = promisify(execFile);

/** What a testbed's pilots name to be let into every gap. */
const pilotQos = 'pilot';

const commandTimeoutMs = 60_000;
const database = 'slurm';
/** MariaDB's own definitions of its system tables, as its package installs them. */
const systemTables = '/usr/share/mysql/mysql_system_tables.sql';
/** Few jobs, no disk to spare: small logs, and a crash may cost the last second. */
const mariadbSettings: readonly string[] = ['--innodb-log-file-size=4M', '--innodb-data-file-path=ibdata1:2M:autoextend', '--innodb-buffer-pool-size=32M', '--innodb-flush-log-at-trx-commit=0'];

export interface AccountingOptions {
  readonly directory: string;
  readonly clusterName: string;
  readonly hostname: string;
  /** Who runs the daemons and submits. */
  readonly user: string;
  readonly mungeSocket: string;
  /** slurmdbd's. */
  readonly port: number;
}

/** @param note is given each daemon as soon as it runs @throws {TestbedError} */
export async function startAccounting(options: AccountingOptions, note: (daemons: Record<string, ProcessIdentity>) => Promise<void>): Promise<void> {
  const { directory, port } = options;
  // As short as munged's, which was chosen to fit.
  const socket = join(dirname(options.mungeSocket), 'mariadb');
  const own = join(directory, 'accounting');
  await mkdir(own, { mode: 0o700 });
  await mkdir(temporary(own), { mode: 0o700 });
  await createDatabase(own, options.user);
  await note({ mariadbd: await startAnsweringDaemon(directory, 'mariadbd', [
    '--no-defaults', `--datadir=${own}/data`, `--tmpdir=${temporary(own)}`, `--user=${options.user}`, '--skip-networking', `--socket=${socket}`, `--pid-file=${own}/mariadbd.pid`, ...mariadbSettings,
  ], { path: socket }) });
  await writeFile(join(directory, 'slurmdbd.conf'), slurmdbdConfiguration(options), { mode: 0o600 });
  // MariaDB's client library takes the socket from here; slurmdbd.conf has no word for it.
  await note({ slurmdbd: await startAnsweringDaemon(directory, 'slurmdbd', ['-D'], { port, host: '127.0.0.1' }, { MYSQL_UNIX_PORT: socket }) });
  await register(options);
}

/** A mariadbd that starts clears its temporary directory of tables: in a shared one it takes those of others. */
function temporary(own: string): string {
  return join(own, 'tmp');
}

function slurmdbdConfiguration({ directory, hostname, user, mungeSocket, port }: AccountingOptions): string {
  return [
    'AuthType=auth/munge', `AuthInfo=socket=${mungeSocket}`, `DbdHost=${hostname}`, 'DbdAddr=127.0.0.1', `DbdPort=${port}`, `SlurmUser=${user}`,
    'StorageType=accounting_storage/mysql', 'StorageHost=localhost', `StorageUser=${user}`, `StorageLoc=${database}`,
    `PidFile=${directory}/run/slurmdbd.pid`, 'DebugLevel=info', '',
  ].join('\n');
}

/** What mariadb-install-db does, without what it needs further packages for. */
async function createDatabase(own: string, user: string): Promise<void> {
  await mkdir(join(own, 'data'), { mode: 0o700 });
  const name = `'${user.replaceAll("'", "''")}'@'localhost'`;
  const statements = [
    'CREATE DATABASE mysql;', 'USE mysql;', await readFile(systemTables, 'utf8'), 'FLUSH PRIVILEGES;',
    `CREATE USER ${name} IDENTIFIED VIA unix_socket;`, `GRANT ALL ON *.* TO ${name};`, `CREATE DATABASE ${database};`, '',
  ].join('\n');
  const mariadbd = spawn('mariadbd', ['--no-defaults', '--bootstrap', `--datadir=${own}/data`, `--tmpdir=${temporary(own)}`, `--user=${user}`, ...mariadbSettings], {
    stdio: ['pipe', 'ignore', 'pipe'], env: { PATH: slurmEnvironment(own).PATH, LC_ALL: 'C' }, timeout: commandTimeoutMs,
  });
  let said = '';
  mariadbd.stderr.on('data', (text: Buffer) => { said += text.toString(); });
  mariadbd.stdin.on('error', () => undefined).end(statements);
  const code = await new Promise((resolve, reject) => { mariadbd.once('error', reject).once('close', resolve); });
  if (code !== 0) throw new TestbedError('TESTBED_START', 'system', `mariadbd could not create its tables: ${said.split('\n').filter((line) => /error/i.test(line)).slice(-3).join(' | ')}`);
}

async function register({ directory, clusterName, user }: AccountingOptions): Promise<void> {
  const commands = [
    ['add', 'cluster', clusterName], ['add', 'qos', pilotQos, 'flags=NoReserve'], ['add', 'account', 'testbed', `cluster=${clusterName}`],
    ['add', 'user', user, 'account=testbed', 'defaultaccount=testbed', `qos=normal,${pilotQos}`, 'defaultqos=normal'],
  ];
  for (const words of commands) {
    try {
      await run('sacctmgr', ['--immediate', '--quiet', ...words], { env: slurmEnvironment(directory), timeout: commandTimeoutMs });
    } catch (cause) {
      throw new TestbedError('TESTBED_START', 'system', `sacctmgr ${words.join(' ')}: ${(cause as Error).message.trim().split('\n').at(-1) ?? ''}`, { cause });
    }
  }
}
