import { attempting, HttpStatusError, WhiskError } from '../../client/whisk-error.ts';
import { parseEntityName } from '../../client/qualified-name.ts';
import { isJsonObject } from '../../domain/json.ts';
import type { CommandSpec, Noun } from '../grammar/command-spec.ts';
import type { Flag } from '../grammar/flag.ts';
import { ANNOTATION_FLAGS, entityBody, PARAMETER_FLAGS, SUMMARY_FLAG } from '../grammar/entity-flags.ts';
import type { Invocation } from '../grammar/invocation.ts';
import type { ParsedFlags } from '../grammar/parsed-flags.ts';
import { printPackages } from '../render/entity-rows.ts';
import { fieldNamed, printDone, printGot, printSummary } from '../render/entity.ts';
import { listFlags, listQuery } from '../render/list.ts';

const NAME_REQUIRED = 'A package name is required.';
const DEFINITION_FLAGS: readonly Flag[] = [
  ...PARAMETER_FLAGS, ...ANNOTATION_FLAGS,
  { name: 'shared', kind: 'text', value: 'SCOPE', description: 'package visibility SCOPE; yes = shared, no = private' },
];

const create: CommandSpec = {
  name: 'create', usage: 'PACKAGE_NAME', words: [1, 1], required: NAME_REQUIRED, description: 'create a new package',
  flags: DEFINITION_FLAGS, run: (invocation) => put(invocation, false),
};

const update: CommandSpec = {
  name: 'update', usage: 'PACKAGE_NAME', words: [1, 1], required: NAME_REQUIRED,
  description: 'update an existing package, or create a package if it does not exist', flags: DEFINITION_FLAGS, run: (invocation) => put(invocation, true),
};

async function put(invocation: Invocation, overwrite: boolean): Promise<void> {
  const name = invocation.entity(0);
  const body = { ...await entityBody(invocation.flags), ...publishOf(invocation.flags) };
  const made = await attempting(overwrite ? 'Package update failed' : `Unable to create package '${name.name}'`, () => invocation.client.put('packages', name, body, overwrite));
  printDone(invocation.out, `${overwrite ? 'updated' : 'created'} package`, name.name, made);
}

const bind: CommandSpec = {
  name: 'bind', usage: 'PACKAGE_NAME BOUND_PACKAGE_NAME', words: [2, 2], required: 'A package name and binding name are required.',
  description: 'bind parameters to a package', flags: [...PARAMETER_FLAGS, ...ANNOTATION_FLAGS],
  async run(invocation) {
    const provider = parseEntityName(invocation.word(0), invocation.settings.namespace);
    const name = invocation.entity(1);
    const body = { ...await entityBody(invocation.flags), binding: { namespace: provider.namespace, name: provider.name } };
    const made = await attempting('Binding creation failed', () => invocation.client.put('packages', name, body, false));
    printDone(invocation.out, 'created binding', invocation.word(1), made);
  },
};

const get: CommandSpec = {
  name: 'get', usage: 'PACKAGE_NAME [FIELD_FILTER]', words: [1, 2], required: NAME_REQUIRED, description: 'get package', flags: [SUMMARY_FLAG],
  async run(invocation) {
    const { flags, out, client, words: [, filter] } = invocation;
    const field = filter === undefined ? undefined : fieldNamed('package', filter);
    const name = invocation.entity(0);
    const found = await attempting(`Unable to get package '${name.name}'`, () => client.get('packages', name));
    if (flags.on('summary')) printSummary(out, 'package', found);
    else printGot(out, 'package', name.name, found, field);
  },
};

const remove: CommandSpec = {
  name: 'delete', usage: 'PACKAGE_NAME', words: [1, 1], required: NAME_REQUIRED, description: 'delete package',
  flags: [{ name: 'recursive', short: 'r', kind: 'boolean', description: 'delete the contents of the package too' }],
  async run(invocation) {
    const name = invocation.entity(0);
    const query = invocation.flags.on('recursive') ? { force: true } : {};
    const deleted = await attempting(`Unable to delete package '${name.name}'`, () => invocation.client.delete('packages', name, query));
    printDone(invocation.out, 'deleted package', name.name, deleted);
  },
};

const list: CommandSpec = {
  name: 'list', usage: '[NAMESPACE]', words: [0, 1], required: 'An optional namespace is the only valid argument.', description: 'list all packages', flags: listFlags('packages'),
  async run(invocation) {
    const { flags, out, client } = invocation;
    const namespace = invocation.namespace(0);
    const packages = await attempting(`Unable to obtain the list of packages for namespace '${namespace === '_' ? 'default' : namespace}'`, () => client.list('packages', namespace, listQuery(flags)));
    printPackages(out, packages, flags.on('name-sort'));
  },
};

const REFRESH_LISTS = { added: 'created bindings:', updated: 'updated bindings:', deleted: 'deleted bindings:' } as const;

const refresh: CommandSpec = {
  name: 'refresh', usage: '[NAMESPACE]', words: [0, 1], required: 'An optional namespace is the only valid argument.', description: 'refresh package bindings', flags: [],
  async run(invocation) {
    const namespace = invocation.namespace(0);
    const updates = await attempting(`Package refresh for namespace '${namespace}' failed`, () => invocation.client.refreshPackages(namespace).catch((error: unknown) => {
      if (!(error instanceof HttpStatusError) || ![404, 405, 501].includes(error.status)) throw error;
      throw new WhiskError('The package refresh feature is not implemented in the target deployment', { exitCode: error.exitCode, cause: error });
    }));
    invocation.out.say(`'${namespace}' refreshed successfully`);
    for (const [list_, title] of Object.entries(REFRESH_LISTS)) {
      invocation.out.say(title);
      const names = isJsonObject(updates) ? updates[list_] : undefined;
      if (Array.isArray(names)) for (const name of names) invocation.out.line(typeof name === 'string' ? name : JSON.stringify(name));
    }
  },
};

/** @throws {WhiskError} usage */
function publishOf(flags: ParsedFlags): { publish?: boolean } {
  switch (flags.text('shared')?.toLowerCase()) {
    case undefined: case '': return {};
    case 'yes': return { publish: true };
    case 'no': return { publish: false };
    default: throw new WhiskError(`Cannot use value '${flags.text('shared') ?? ''}' for shared.`, { showUsage: true });
  }
}

export const packageNoun: Noun = { name: 'package', description: 'work with packages', commands: [create, update, bind, get, remove, list, refresh] };
