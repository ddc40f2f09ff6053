import { readFile } from 'node:fs/promises';
import { CommandError, systemCode } from './command-error.ts';
import { defaultStateDirectory, StateDirectory } from './state-directory.ts';

export interface LocalController {
  url: string;
  /** Key of the namespace guest. */
  auth: string;
  /** Path of its state directory. */
  state: string;
}

/**
 * The controller that runs on a state directory.
 * @param directory undefined for the default one, where it is no error that none runs
 * @throws {CommandError} ENOTRUNNING
 */
export async function localController(directory: string | undefined): Promise<LocalController | undefined> {
  const state = new StateDirectory(directory ?? defaultStateDirectory());
  const running = await state.running();
  if (running === undefined) {
    if (directory === undefined) return undefined;
    throw new CommandError('ENOTRUNNING', `no controller runs on the state directory ${state.path}`, 69);
  }
  const auth = await readFile(state.file('auth'), 'utf8').catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return '';
    throw error;
  });
  return { url: running.url, auth: auth.trim(), state: state.path };
}
