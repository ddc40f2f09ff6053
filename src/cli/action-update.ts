import { execOf } from '../client/action-artifact.ts';
import { parseEntityName, parseQualifiedName, fullName, type QualifiedName } from '../client/qualified-name.ts';
import type { ActionResource, Exec, Limits } from '../client/resources.ts';
import { mergeAnnotations, webAnnotations, webSecurity } from '../client/web-annotations.ts';
import { attempting, HttpStatusError, usageError, WhiskError } from '../client/whisk-error.ts';
import { entityBody } from './grammar/entity-flags.ts';
import type { Invocation } from './grammar/invocation.ts';

const LIMIT_FLAGS = { timeout: 'timeout', memory: 'memory', logs: 'logsize', concurrency: 'concurrency' } as const;
const NOT_FOUND = 404;

type ActionUpdate = Partial<Pick<ActionResource, 'exec' | 'parameters' | 'annotations' | 'limits'>> & { delAnnotations?: readonly string[] };

/** The body of the PUT that the words and flags of `action create` or `action update` ask for. @throws {WhiskError} */
export async function actionUpdate(invocation: Invocation, name: QualifiedName, update: boolean): Promise<ActionUpdate> {
  const body: ActionUpdate = await entityBody(invocation.flags);
  await addCode(body, invocation, update);
  const limits = limitsOf(invocation);
  if (Object.keys(limits).length > 0) body.limits = limits;
  const removed = invocation.flags.texts('del-annotation');
  if (removed.length > 0) body.delAnnotations = removed;
  await addWebAnnotations(body, invocation, name, update);
  return body;
}

async function addCode(body: ActionUpdate, invocation: Invocation, update: boolean): Promise<void> {
  const { flags, words: [, artifact] } = invocation;
  if (flags.on('copy')) await addCopy(body, invocation);
  else if (flags.on('sequence')) body.exec = { kind: 'sequence', components: componentsOf(invocation) };
  else if (artifact !== undefined || flags.has('docker')) body.exec = await invalidArguments(() => execOf({ ...textFlags(invocation), ...(artifact === undefined ? {} : { file: artifact }), native: flags.on('native') }));
  else if (!update) throw usageError('Invalid argument(s). An action name and code artifact are required.');
}

async function addCopy(body: ActionUpdate, invocation: Invocation): Promise<void> {
  if (invocation.words.length < 2) throw usageError('Invalid argument(s). An action name and code artifact are required.');
  const source = parseEntityName(invocation.word(1), invocation.settings.namespace);
  const existing = await attempting(`Unable to get action '${source.name}'`, () => invocation.client.get('actions', source, { code: true }));
  if (existing.exec !== undefined) {
    body.exec = { ...existing.exec };
    // The API computes it.
    delete body.exec.binary;
  }
  body.parameters = mergeAnnotations(existing.parameters ?? [], body.parameters ?? []);
  body.annotations = mergeAnnotations(existing.annotations ?? [], body.annotations ?? []);
}

function componentsOf(invocation: Invocation): string[] {
  const written = invocation.word(1);
  if (written === '') throw usageError('Invalid argument(s). An action name and code artifact are required.');
  return written.split(',').map((component) => fullName(parseQualifiedName(component.trim(), invocation.settings.namespace)));
}

function textFlags({ flags }: Invocation): { kind?: string; main?: string; docker?: string } {
  const text = (name: 'kind' | 'main' | 'docker'): object => {
    const value = flags.text(name);
    return value === undefined || value === '' ? {} : { [name]: value };
  };
  return { ...text('kind'), ...text('main'), ...text('docker') };
}

function limitsOf({ flags }: Invocation): Limits {
  const limits: Limits = {};
  for (const [limit, flag] of Object.entries(LIMIT_FLAGS) as [keyof Limits, string][]) {
    const value = flags.number(flag);
    if (value !== undefined) limits[limit] = value;
  }
  return limits;
}

/** The API merges annotations by key, so only what changes is sent. */
async function addWebAnnotations(body: ActionUpdate, invocation: Invocation, name: QualifiedName, update: boolean): Promise<void> {
  const { flags } = invocation;
  const mode = flags.text('web');
  const secret = flags.text('web-secure');
  if (mode !== undefined) body.annotations = mergeAnnotations(body.annotations ?? [], webAnnotations(mode));
  if (secret === undefined) return;
  const existing = update ? await existingAction(invocation, name) : undefined;
  const security = webSecurity(secret, mergeAnnotations(existing?.annotations ?? [], body.annotations ?? []), existing?.annotations);
  if ('set' in security) body.annotations = mergeAnnotations(body.annotations ?? [], [security.set]);
  else body.delAnnotations = [...body.delAnnotations ?? [], security.remove];
}

async function existingAction({ client }: Invocation, name: QualifiedName): Promise<ActionResource | undefined> {
  try {
    return await client.get('actions', name, { code: false });
  } catch (error) {
    if (error instanceof HttpStatusError && error.status === NOT_FOUND) return undefined;
    throw error;
  }
}

async function invalidArguments(read: () => Promise<Exec>): Promise<Exec> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof WhiskError)) throw error;
    throw new WhiskError(`Invalid argument(s). ${error.message}`, { exitCode: error.exitCode, showUsage: true, cause: error });
  }
}
