/** The code of an action of a manifest: written in it, in a file, or in a directory, which is packed. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { zipSync, type Zippable } from 'fflate';
import { execOf, type ArtifactOptions } from '../action-artifact.ts';
import type { Exec } from '../resources.ts';
import { attempting, fileError, WhiskError } from '../whisk-error.ts';

export interface FunctionSource {
  /** As messages name the action. */
  readonly where: string;
  readonly function?: string;
  readonly code?: string;
  readonly runtime?: string;
  readonly main?: string;
  readonly docker?: string;
  readonly native?: boolean;
}

/** @param directory of the manifest: paths are relative to it @throws {WhiskError} */
export async function functionExec(given: FunctionSource, directory: string): Promise<Exec> {
  const source = given.runtime === undefined ? given : { ...given, runtime: kindOf(given.runtime) };
  const { where, function: file, code, docker } = source;
  if (code !== undefined && file !== undefined) throw new WhiskError(`${where}: give either 'function' or 'code'`);
  if (code !== undefined) return inlineExec(source, code);
  if (file === undefined && docker === undefined) throw new WhiskError(`${where}: 'function' or 'code' is missing`);
  return attempting(where, () => file === undefined ? execOf(optionsOf(source)) : fileExec(source, file, directory));
}

/** wskdeploy takes `nodejs` and `nodejs@20` for kinds, too. */
function kindOf(runtime: string): string {
  const kind = runtime.replace(/@(?=[\d.]+$)/, ':');
  return /^\w+$/.test(kind) && kind !== 'blackbox' ? `${kind}:default` : kind;
}

function inlineExec({ where, runtime, docker, main }: FunctionSource, code: string): Exec {
  const entry = main === undefined ? {} : { main };
  if (runtime !== undefined) return { kind: runtime, code, ...entry };
  if (docker !== undefined) return { kind: 'blackbox', image: docker, code, ...entry };
  throw new WhiskError(`${where}: 'code' needs a 'runtime'`);
}

async function fileExec(source: FunctionSource, file: string, directory: string): Promise<Exec> {
  if (/^(https?:)?\/\/|^github\.com\//.test(file)) throw new WhiskError(`'${file}' is not a file of this machine; fetch it first`);
  const path = resolve(directory, file);
  const found = await stat(path).catch((error: unknown) => { throw fileError(path, error); });
  const options = optionsOf(source);
  if (!found.isDirectory()) return execOf({ ...options, file: path });
  const explicit = options.kind !== undefined || options.docker !== undefined || options.native === true;
  const exec = await execOf(explicit ? options : { ...options, kind: await kindOfDirectory(path) });
  return { ...exec, code: Buffer.from(zipSync(await contents(path, path))).toString('base64') };
}

function optionsOf({ runtime, main, docker, native = false }: FunctionSource): ArtifactOptions {
  return { native, ...(runtime === undefined ? {} : { kind: runtime }), ...(main === undefined ? {} : { main }), ...(docker === undefined ? {} : { docker }) };
}

async function contents(root: string, directory: string): Promise<Zippable> {
  const files: Zippable = {};
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) Object.assign(files, await contents(root, path));
    else if (entry.isFile()) files[relative(root, path)] = [await readFile(path), { attrs: (await stat(path)).mode << 16, os: 3 }];
  }
  return files;
}

async function kindOfDirectory(path: string): Promise<string> {
  const names = await readdir(path);
  if (names.includes('package.json') || names.includes('index.js')) return 'nodejs:default';
  if (names.includes('__main__.py')) return 'python:default';
  throw new WhiskError(`the directory '${path}' needs a 'runtime'`);
}
