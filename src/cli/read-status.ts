import { readFile } from 'node:fs/promises';
import type { DispatchView } from '../dispatch/dispatch.ts';
import { CommandError, errorText } from './command-error.ts';
import type { ControllerStatus } from './controller-status.ts';
import type { StateDirectory } from './state-directory.ts';

const EXIT_UNAVAILABLE = 69;

export type Status = DispatchView & ControllerStatus;

/** What the controller that runs on this state directory says of itself. @throws {CommandError} */
export async function readStatus(state: StateDirectory): Promise<Status> {
  const running = await state.running();
  if (running === undefined) {
    throw new CommandError('ENOTRUNNING', `no controller runs on the state directory ${state.path}; start one with "hpcwhisk up --state ${state.path}"`, EXIT_UNAVAILABLE);
  }
  try {
    const token = (await readFile(state.file('admin-token'), 'utf8')).trim();
    const response = await fetch(`${running.url}/status`, { headers: { authorization: `Bearer ${token}` }, signal: AbortSignal.timeout(5_000) });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return await response.json() as Status;
  } catch (error) {
    throw new CommandError('ENOTRUNNING', `the controller at ${running.url} does not answer: ${errorText(error)}`, EXIT_UNAVAILABLE, { cause: error });
  }
}
