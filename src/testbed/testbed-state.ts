import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProcessIdentity } from './processes.ts';

/** What a testbed's directory says about it (DIR/testbed.json), so that any later process can find and end it. */
export interface TestbedState {
  readonly version: 1;
  readonly clusterName: string;
  readonly nodes: number;
  readonly firstPort: number;
  readonly mungeSocket: string;
  /** A directory elsewhere that holds the socket, where the testbed's own path is too long for one. */
  readonly socketDirectory?: string;
  readonly ready: boolean;
  /** By name: `munged`, `slurmctld`, and the nodes. */
  readonly daemons: Readonly<Record<string, ProcessIdentity>>;
}

const fileName = 'testbed.json';

export async function readState(directory: string): Promise<TestbedState | undefined> {
  let text: string;
  try {
    text = await readFile(join(directory, fileName), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return JSON.parse(text) as TestbedState;
}

/** Written whole or not at all. */
export async function writeState(directory: string, state: TestbedState): Promise<void> {
  const file = join(directory, fileName);
  await writeFile(`${file}.new`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}
