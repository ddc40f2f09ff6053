import { attempting } from '../../client/whisk-error.ts';
import { isWebAction } from '../../client/web-annotations.ts';
import { writeActionCode } from '../../client/save-action-code.ts';
import type { CommandSpec, Noun } from '../grammar/command-spec.ts';
import type { Flag } from '../grammar/flag.ts';
import { ANNOTATION_FLAGS, PARAMETER_FLAGS, SUMMARY_FLAG } from '../grammar/entity-flags.ts';
import type { Invocation } from '../grammar/invocation.ts';
import { actionUpdate } from '../action-update.ts';
import { printActions } from '../render/entity-rows.ts';
import { fieldNamed, printDone, printGot, printSummary } from '../render/entity.ts';
import { printOutcome } from '../render/invocation-outcome.ts';
import { listFlags, listQuery } from '../render/list.ts';

const DEFINITION_FLAGS: readonly Flag[] = [
  { name: 'kind', kind: 'text', value: 'KIND', description: 'the KIND of the action runtime (example: nodejs:default, python:3); by the extension of the file unless told' },
  { name: 'main', kind: 'text', value: 'NAME', description: 'the name of the action entry point (function or fully-qualified method name when applicable)' },
  { name: 'docker', kind: 'text', value: 'IMAGE', description: 'use this image to run the action' },
  { name: 'native', kind: 'boolean', description: 'treat ACTION as native action (zip file or binary provides a compatible executable to run)' },
  { name: 'copy', kind: 'boolean', description: 'treat ACTION as the name of an existing action' },
  { name: 'sequence', kind: 'boolean', description: 'treat ACTION as comma separated sequence of actions to invoke' },
  { name: 'web', kind: 'optional', value: 'MODE', description: 'yes or true: a web action; raw: a raw HTTP web action; no or false: a standard action' },
  { name: 'web-secure', kind: 'text', value: 'SECRET', description: 'secure the web action; SECRET is true, false, or any string' },
  { name: 'timeout', short: 't', kind: 'integer', value: 'LIMIT', description: 'the timeout LIMIT in milliseconds after which the action is terminated' },
  { name: 'memory', short: 'm', kind: 'integer', value: 'LIMIT', description: 'the maximum memory LIMIT in MB for the action' },
  { name: 'logsize', short: 'l', kind: 'integer', value: 'LIMIT', description: 'the maximum log size LIMIT in MB for the action' },
  { name: 'concurrency', short: 'c', kind: 'integer', value: 'LIMIT', description: 'the maximum intra-container concurrent activation LIMIT for the action' },
  ...PARAMETER_FLAGS, ...ANNOTATION_FLAGS,
];

const create: CommandSpec = {
  name: 'create', usage: 'ACTION_NAME ACTION', words: [1, 2], required: 'An action name and code artifact are required.',
  description: 'create a new action', flags: DEFINITION_FLAGS, run: (invocation) => put(invocation, false),
};

const update: CommandSpec = {
  name: 'update', usage: 'ACTION_NAME [ACTION]', words: [1, 2], required: 'An action name is required. A code artifact is optional.',
  description: 'update an existing action, or create an action if it does not exist',
  flags: [...DEFINITION_FLAGS, { name: 'del-annotation', kind: 'texts', value: 'KEY', description: 'an annotation to be deleted from the action; may be repeated' }],
  run: (invocation) => put(invocation, true),
};

async function put(invocation: Invocation, overwrite: boolean): Promise<void> {
  const name = invocation.entity(0);
  const body = await actionUpdate(invocation, name, overwrite);
  const action = await attempting(`Unable to ${overwrite ? 'update' : 'create'} action '${name.name}'`, () => invocation.client.put('actions', name, body, overwrite));
  printDone(invocation.out, `${overwrite ? 'updated' : 'created'} action`, name.name, action);
}

const invoke: CommandSpec = {
  name: 'invoke', usage: 'ACTION_NAME', words: [1, 1], required: 'An action name is required.', description: 'invoke action',
  flags: [
    ...PARAMETER_FLAGS,
    { name: 'blocking', short: 'b', kind: 'boolean', description: 'blocking invoke' },
    { name: 'result', short: 'r', kind: 'boolean', description: 'blocking invoke; show only activation result (unless there is a failure)' },
  ],
  async run(invocation) {
    const { flags, out, client } = invocation;
    const name = invocation.entity(0);
    const result = flags.on('result');
    const parameters = await flags.object('param');
    const outcome = await attempting(`Unable to invoke action '${name.name}'`, () => client.invoke(name, parameters, { blocking: result || flags.on('blocking'), result }));
    printOutcome(out, name, outcome, { blocking: result || flags.on('blocking'), result });
  },
};

const get: CommandSpec = {
  name: 'get', usage: 'ACTION_NAME [FIELD_FILTER]', words: [1, 2], required: 'An action name is required.', description: 'get action',
  flags: [
    SUMMARY_FLAG,
    { name: 'url', short: 'r', kind: 'boolean', description: 'get action url' },
    { name: 'save', kind: 'boolean', description: 'save action code to file corresponding with action name' },
    { name: 'save-as', kind: 'text', value: 'FILE', description: 'file to save action code to' },
  ],
  async run(invocation) {
    const { flags, out, client } = invocation;
    const name = invocation.entity(0);
    const plain = !flags.on('url') && !flags.on('summary');
    const field = plain && invocation.words.length > 1 ? fieldNamed('action', invocation.word(1)) : undefined;
    const save = flags.on('save') || flags.has('save-as');
    const action = await attempting(`Unable to get action '${name.name}'`, () => client.get('actions', name, { code: save }));
    if (flags.on('url')) {
      const namespace = encodeURIComponent(action.namespace.split('/')[0] ?? '');
      const entity = encodeURIComponent(action.name);
      const inPackage = encodeURIComponent(name.package);
      const path = isWebAction(action.annotations)
        ? `web/${namespace}/${inPackage === '' ? 'default' : inPackage}/${entity}`
        : `namespaces/${namespace}/actions/${inPackage === '' ? '' : `${inPackage}/`}${entity}`;
      out.ok(`got action ${out.bold(name.entity)}`);
      const url = `${client.origin}/api/${invocation.settings.apiVersion}/${path}`;
      if (out.format === 'json') out.json(url);
      else out.line(url);
    } else if (flags.on('summary')) {
      printSummary(out, 'action', action);
    } else if (save) {
      const path = await writeActionCode(action, flags.text('save-as'));
      if (out.format === 'json') out.json(path);
      else out.ok(`saved action code to ${out.bold(path)}`);
    } else {
      printGot(out, 'action', name.name, action, field);
    }
  },
};

const remove: CommandSpec = {
  name: 'delete', usage: 'ACTION_NAME', words: [1, 1], required: 'An action name is required.', description: 'delete action', flags: [],
  async run(invocation) {
    const name = invocation.entity(0);
    const action = await attempting(`Unable to delete action '${name.name}'`, () => invocation.client.delete('actions', name));
    printDone(invocation.out, 'deleted action', name.name, action);
  },
};

const list: CommandSpec = {
  name: 'list', usage: '[NAMESPACE | PACKAGE_NAME]', words: [0, 1], required: 'An optional namespace is the only valid argument.',
  description: 'list all actions in a namespace or actions contained in a package', flags: listFlags('actions'),
  async run(invocation) {
    const { flags, out, client } = invocation;
    const { namespace, name } = invocation.anyName(0);
    const actions = await attempting(`Unable to obtain the list of actions for namespace '${namespace === '_' ? 'default' : namespace}'`,
      () => client.list('actions', namespace, listQuery(flags), name));
    printActions(out, actions, flags.on('name-sort'));
  },
};

export const actionNoun: Noun = { name: 'action', description: 'work with actions', commands: [create, update, invoke, get, remove, list] };
