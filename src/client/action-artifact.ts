/** What runs: a file of code, its kind taken from its name as wsk takes it. */
import { readFile } from 'node:fs/promises';
import type { Exec } from './resources.ts';
import { fileError, usageError } from './whisk-error.ts';

const KIND_FAMILIES: Readonly<Record<string, string>> = {
  '.js': 'nodejs', '.py': 'python', '.jar': 'java', '.swift': 'swift', '.php': 'php', '.rb': 'ruby', '.rs': 'rust', '.go': 'go', '.balx': 'ballerina',
};
const ARCHIVES = ['.zip', '.tar.gz', '.tgz'];
const BINARIES = [...ARCHIVES, '.jar', '.balx'];
/** The image that runs `exec` of an archive, or a single executable, over the ActionLoop protocol or as OpenWhisk's skeleton did. */
const NATIVE_IMAGE = 'openwhisk/dockerskeleton';

export interface ArtifactOptions {
  /** Path of the code; none for an image that carries its own. */
  readonly file?: string;
  readonly kind?: string;
  readonly main?: string;
  readonly docker?: string;
  readonly native?: boolean;
}

/** @throws {WhiskError} usage: nothing names a kind, or the file cannot be read */
export async function execOf({ file, kind, main, docker, native = false }: ArtifactOptions): Promise<Exec> {
  if (kind !== undefined && docker !== undefined) throw usageError('Cannot specify both --kind and --docker at the same time.');
  const code = file === undefined ? {} : { code: await readCode(file) };
  const entry = main === undefined ? {} : { main };
  if (kind !== undefined) return { kind, ...code, ...entry };
  if (native) return { kind: 'blackbox', image: NATIVE_IMAGE, ...code, ...entry };
  if (docker !== undefined) return { kind: 'blackbox', image: docker, ...code, ...entry };
  if (file === undefined) throw usageError('An action name and code artifact are required.');
  return { kind: kindOf(file), ...code, ...entry };
}

/** `family:default` by the file's extension. @throws {WhiskError} usage */
export function kindOf(file: string): string {
  const extension = extensionOf(file);
  const family = KIND_FAMILIES[extension];
  if (family !== undefined) return `${family}:default`;
  if (ARCHIVES.includes(extension)) throw usageError(`creating an action from a ${extension} artifact requires specifying the action kind explicitly`);
  throw usageError(`'${extension}' is not a supported action runtime`);
}

/** What a file of an action's code is called. @param kind `family:version` */
export function fileNameOf(name: string, kind: string, binary: boolean): string {
  const family = kind.split(':')[0] ?? '';
  const extension = Object.entries(KIND_FAMILIES).find(([, value]) => value === family)?.[0] ?? '';
  return `${name}${binary && !BINARIES.includes(extension) ? '.zip' : extension}`;
}

/** The text of source code; anything else in base64. @throws {WhiskError} usage */
async function readCode(file: string): Promise<string> {
  const bytes = await readFile(file).catch((error: unknown) => { throw fileError(file, error); });
  return BINARIES.includes(extensionOf(file)) || !isText(bytes) ? bytes.toString('base64') : bytes.toString('utf8');
}

function extensionOf(file: string): string {
  const base = file.slice(file.lastIndexOf('/') + 1);
  return /(\.tar\.gz|\.[^.]*)$/.exec(base)?.[1] ?? '';
}

function isText(bytes: Buffer): boolean {
  try {
    return !new TextDecoder('utf-8', { fatal: true }).decode(bytes).includes('\0');
  } catch {
    return false;
  }
}
