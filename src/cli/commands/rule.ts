import { fullName, parseEntityName } from '../../client/qualified-name.ts';
import { attempting } from '../../client/whisk-error.ts';
import type { CommandSpec, Noun } from '../grammar/command-spec.ts';
import { ANNOTATION_FLAGS, entityBody } from '../grammar/entity-flags.ts';
import type { Invocation } from '../grammar/invocation.ts';
import { printRules } from '../render/entity-rows.ts';
import { fieldNamed, printDone, printGot, printRuleSummary } from '../render/entity.ts';
import { listFlags, listQuery } from '../render/list.ts';
import { rulesWithStatus } from '../rules-with-status.ts';

const NAME_REQUIRED = 'A rule name is required.';
const ALL_REQUIRED = 'A rule, trigger and action name are required.';

const create: CommandSpec = {
  name: 'create', usage: 'RULE_NAME TRIGGER_NAME ACTION_NAME', words: [3, 3], required: ALL_REQUIRED, description: 'create new rule',
  flags: ANNOTATION_FLAGS, run: (invocation) => put(invocation, false),
};

const update: CommandSpec = {
  name: 'update', usage: 'RULE_NAME TRIGGER_NAME ACTION_NAME', words: [3, 3], required: ALL_REQUIRED,
  description: 'update an existing rule, or create a rule if it does not exist', flags: ANNOTATION_FLAGS, run: (invocation) => put(invocation, true),
};

async function put(invocation: Invocation, overwrite: boolean): Promise<void> {
  const { client, settings, out } = invocation;
  const name = invocation.entity(0);
  const [trigger, action] = [1, 2].map((at) => fullName(parseEntityName(invocation.word(at), settings.namespace)));
  const body = { ...await entityBody(invocation.flags), trigger, action };
  const rule = await attempting(`Unable to ${overwrite ? 'update' : 'create'} rule '${name.name}'`, () => client.put('rules', name, body, overwrite));
  printDone(out, `${overwrite ? 'updated' : 'created'} rule`, name.name, rule);
}

const enable = statusCommand('enable', 'active');
const disable = statusCommand('disable', 'inactive');

function statusCommand(verb: 'enable' | 'disable', status: 'active' | 'inactive'): CommandSpec {
  return {
    name: verb, usage: 'RULE_NAME', words: [1, 1], required: NAME_REQUIRED, description: `${verb} rule`, flags: [],
    async run(invocation) {
      const name = invocation.entity(0);
      await attempting(`Unable to ${verb} rule '${name.name}'`, () => invocation.client.setRuleStatus(name, status));
      printDone(invocation.out, `${verb}d rule`, name.name, { namespace: name.namespace, name: name.name });
    },
  };
}

const status: CommandSpec = {
  name: 'status', usage: 'RULE_NAME', words: [1, 1], required: NAME_REQUIRED, description: 'get rule status', flags: [],
  async run(invocation) {
    const { out, client } = invocation;
    const name = invocation.entity(0);
    const rule = await attempting(`Unable to get status of rule '${name.name}'`, () => client.get('rules', name));
    if (out.format === 'json') out.json(rule.status ?? null);
    else out.ok(`rule ${out.bold(name.name)} is ${out.bold(rule.status ?? '')}`);
  },
};

const get: CommandSpec = {
  name: 'get', usage: 'RULE_NAME [FIELD_FILTER]', words: [1, 2], required: NAME_REQUIRED, description: 'get rule',
  flags: [{ name: 'summary', short: 's', kind: 'boolean', description: 'summarize rule details' }],
  async run(invocation) {
    const { flags, out, client, words: [, filter] } = invocation;
    const field = filter === undefined ? undefined : fieldNamed('rule', filter);
    const name = invocation.entity(0);
    const rule = await attempting(`Unable to get rule '${name.name}'`, () => client.get('rules', name));
    if (flags.on('summary')) printRuleSummary(out, rule);
    else printGot(out, 'rule', name.name, rule, field);
  },
};

const remove: CommandSpec = {
  name: 'delete', usage: 'RULE_NAME', words: [1, 1], required: NAME_REQUIRED, description: 'delete rule',
  flags: [{ name: 'disable', kind: 'boolean', description: 'automatically disable rule before deleting it' }],
  async run(invocation) {
    const { flags, out, client } = invocation;
    const name = invocation.entity(0);
    if (flags.on('disable')) await attempting(`Unable to disable rule '${name.name}'`, () => client.setRuleStatus(name, 'inactive'));
    const rule = await attempting(`Unable to delete rule '${name.name}'`, () => client.delete('rules', name));
    printDone(out, 'deleted rule', name.name, rule);
  },
};

const list: CommandSpec = {
  name: 'list', usage: '[NAMESPACE]', words: [0, 1], required: 'An optional namespace is the only valid argument.', description: 'list all rules', flags: listFlags('rules'),
  async run(invocation) {
    const { flags, out, client } = invocation;
    const namespace = invocation.namespace(0);
    const rules = await attempting(`Unable to obtain the list of rules for namespace '${namespace === '_' ? 'default' : namespace}'`, () => client.list('rules', namespace, listQuery(flags)));
    printRules(out, await rulesWithStatus(client, rules), flags.on('name-sort'));
  },
};

export const ruleNoun: Noun = { name: 'rule', description: 'work with rules', commands: [create, update, enable, disable, status, get, remove, list] };
