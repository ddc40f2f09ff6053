/** `~/.wskprops`, the file that wsk and its kin share: lines of KEY=VALUE. What we do not know in it is kept. */
import { chmod, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { WhiskError } from './whisk-error.ts';

export type WskProperties = Readonly<Record<string, string>>;

/** WSK_CONFIG_FILE where it is set, even to nothing: then there are no properties. */
export function propertiesPath(env: NodeJS.ProcessEnv): string {
  return env['WSK_CONFIG_FILE'] ?? join(env['HOME'] ?? homedir(), '.wskprops');
}

/** What the file says; nothing where there is none. @throws {WhiskError} when it cannot be read */
export async function readProperties(path: string): Promise<WskProperties> {
  if (path === '') return {};
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return {};
    throw new WhiskError(`Unable to read the properties file '${path}': ${message(error)}`, { cause: error });
  }
  const properties: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const equals = line.indexOf('=');
    if (equals <= 0 || line.trimStart().startsWith('#')) continue;
    properties[line.slice(0, equals).trim().toUpperCase()] = line.slice(equals + 1).trim();
  }
  return properties;
}

/** Replaces the file in one step, readable by its owner only: it holds a key. @throws {WhiskError} */
export async function writeProperties(path: string, properties: WskProperties): Promise<void> {
  if (path === '') throw new WhiskError('Whisk properties file write failure: WSK_CONFIG_FILE names no file');
  // Where the file is a link, as those who keep their dot files elsewhere have it, the link stays.
  const target = await realpath(path).catch(() => path);
  const temporary = `${target}.${process.pid}`;
  try {
    await writeFile(temporary, Object.entries(properties).map(([key, value]) => `${key}=${value}\n`).join(''), { mode: 0o600 });
    await chmod(temporary, 0o600);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new WhiskError(`Whisk properties file write failure: ${message(error)}`, { cause: error });
  }
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
