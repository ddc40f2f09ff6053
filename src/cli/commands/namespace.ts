import { attempting } from '../../client/whisk-error.ts';
import type { CommandSpec, Noun } from '../grammar/command-spec.ts';
import type { Invocation } from '../grammar/invocation.ts';
import { fullNameOf, printActions, printPackages, printRules, printTriggers } from '../render/entity-rows.ts';
import { printList } from '../render/list.ts';
import { rulesWithStatus } from '../rules-with-status.ts';

/** The most that the API gives at once. */
const ALL = { limit: 200, skip: 0 };

const list: CommandSpec = {
  name: 'list', usage: '', words: [0, 0], required: 'No arguments are required.', description: 'list available namespaces', flags: [],
  async run({ client, out }) {
    const namespaces = await attempting('Unable to obtain the list of available namespaces', () => client.namespaces());
    printList(out, namespaces, { header: 'namespaces', row: (name) => name, name: (name) => name });
  },
};

const get: CommandSpec = {
  name: 'get', usage: '[NAMESPACE]', words: [0, 1], required: 'An optional namespace is the only valid argument.',
  description: 'get triggers, actions, and rules in the registry for a namespace',
  flags: [{ name: 'name-sort', short: 'n', kind: 'boolean', description: 'sort by name what is returned' }],
  run: printContents,
};

async function printContents(invocation: Invocation): Promise<void> {
  const { client, out, flags } = invocation;
  const namespace = invocation.namespace(0);
  const shown = namespace === '_' ? 'default' : namespace;
  const [packages, actions, triggers, rules] = await attempting(`Unable to obtain the list of entities for namespace '${shown}'`, () => Promise.all([
    client.list('packages', namespace, ALL), client.list('actions', namespace, ALL), client.list('triggers', namespace, ALL),
    client.list('rules', namespace, ALL).then((bare) => rulesWithStatus(client, bare)),
  ]));
  if (out.format === 'json') {
    out.json({ packages, actions, triggers, rules });
    return;
  }
  if (out.format === 'name') {
    for (const entity of [...packages, ...actions, ...triggers, ...rules]) out.line(fullNameOf(entity));
    return;
  }
  out.line(`Entities in namespace: ${out.bold(shown)}`);
  const sorted = flags.on('name-sort');
  printPackages(out, packages, sorted);
  printActions(out, actions, sorted);
  printTriggers(out, triggers, sorted);
  printRules(out, rules, sorted);
}

export const namespaceNoun: Noun = { name: 'namespace', description: 'work with namespaces', commands: [list, get] };
export const listNoun: Noun = { name: 'list', description: 'list entities in the current namespace', commands: [], itself: { ...get, description: 'list entities in the current namespace' } };
