import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileNameOf } from './action-artifact.ts';
import type { ActionResource } from './resources.ts';
import { usageError, WhiskError } from './whisk-error.ts';

/** Writes the code of an action into a new file. @param file named after the action unless told @returns its path @throws {WhiskError} */
export async function writeActionCode({ name, exec }: ActionResource, file?: string): Promise<string> {
  if (exec === undefined || exec.kind === 'sequence') throw usageError('Cannot save action sequences');
  if (exec.code === undefined) throw usageError('Cannot save Docker images');
  const binary = exec.binary === true;
  const path = file ?? fileNameOf(name, exec.kind, binary);
  try {
    await writeFile(path, exec.code, { encoding: binary ? 'base64' : 'utf8', flag: 'wx' });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') throw usageError(`The file '${path}' already exists`);
    throw new WhiskError(`Cannot create file '${path}': ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  return resolve(path);
}
