/** Runs an account command: in the controller that runs on a state directory, else on the store directly, which is then free. */
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { AccountError } from '../accounts/account-error.ts';
import type { AccountAnswers, AccountCommand } from '../accounts/account-commands.ts';
import { runAccountCommand } from '../accounts/account-commands.ts';
import { Accounts } from '../accounts/accounts.ts';
import { LimitSettingsError } from '../accounts/limit-settings.ts';
import { systemClock } from '../clock/system-clock.ts';
import { isJsonObject } from '../domain/json.ts';
import { DEFAULT_LIMITS } from '../domain/limits.ts';
import { silentLogger } from '../domain/logger.ts';
import { CommandError, errorText, systemCode } from './command-error.ts';
import { openStore } from './open-store.ts';
import type { RunningController } from './state-directory.ts';
import { StateDirectory } from './state-directory.ts';

const EXIT_CODES: Readonly<Record<string, number>> = { EUSAGE: 64, EAUTH: 64, ENOENT: 1, EEXISTS: 1 };
const EXIT_UNAVAILABLE = 69;
const ANSWER_MS = 30_000;

export interface AccountPlace {
  /** State directory. */
  state: string;
  /** Directory of the store, where it is not in the state directory. */
  store?: string;
}

/** @throws {CommandError} */
export async function onAccounts<Command extends AccountCommand>(place: AccountPlace, command: Command): Promise<AccountAnswers[Command['command']]> {
  const state = new StateDirectory(place.state);
  const running = await state.running();
  const answer = running !== undefined && isAlive(running.pid)
    ? await inController(state, running, command)
    : await inStore(state, resolve(place.store ?? state.file('store')), command);
  return answer as AccountAnswers[Command['command']];
}

async function inController(state: StateDirectory, { url }: RunningController, command: AccountCommand): Promise<unknown> {
  let response: Response;
  let body: unknown;
  try {
    const token = (await readFile(state.file('admin-token'), 'utf8')).trim();
    response = await fetch(`${url}/admin/accounts`, {
      method: 'POST', body: JSON.stringify(command), signal: AbortSignal.timeout(ANSWER_MS),
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    });
    body = await response.json();
  } catch (error) {
    throw new CommandError('ENOTRUNNING', `the controller at ${url} does not answer: ${errorText(error)}`, EXIT_UNAVAILABLE, { cause: error });
  }
  if (response.ok) return body;
  const code = response.headers.get('x-hpcwhisk-error') ?? (response.status === 400 ? 'EUSAGE' : 'ECONTROLLER');
  const text = isJsonObject(body) && typeof body['error'] === 'string' ? body['error'] : `HTTP ${response.status}`;
  throw new CommandError(code, text, EXIT_CODES[code] ?? EXIT_UNAVAILABLE);
}

async function inStore(state: StateDirectory, directory: string, command: AccountCommand): Promise<unknown> {
  if (!await exists(directory)) {
    throw new CommandError('ENOSTORE', `there is no store at ${directory}; name the state directory with --state, or start a controller first`, EXIT_UNAVAILABLE);
  }
  const store = await openStore(directory, silentLogger);
  try {
    const accounts = await Accounts.open({ documents: store.documents, secret: await state.keySecret(), limits: DEFAULT_LIMITS, clock: systemClock });
    return await runAccountCommand(accounts, command);
  } catch (error) {
    if (error instanceof AccountError) throw new CommandError(error.code, error.message, EXIT_CODES[error.code] ?? 1, { cause: error });
    if (error instanceof LimitSettingsError) throw new CommandError('EUSAGE', error.message, EXIT_CODES['EUSAGE'], { cause: error });
    throw error;
  } finally {
    await store.close();
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(() => true, () => false);
}

/** A controller that was killed leaves its file behind. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}
