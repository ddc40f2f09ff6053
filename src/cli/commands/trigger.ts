import { failureText, feedOf, invokeFeed, type FeedEvent } from '../../client/feeds.ts';
import { keyValues, type KeyValue } from '../../client/parameter-values.ts';
import { fullName, parseEntityName, type QualifiedName } from '../../client/qualified-name.ts';
import type { TriggerResource } from '../../client/resources.ts';
import { mergeAnnotations } from '../../client/web-annotations.ts';
import { attempting, because, exitCodeOf, HttpStatusError, WhiskError } from '../../client/whisk-error.ts';
import { isJsonObject, type JsonObject } from '../../domain/json.ts';
import { parameterValue } from '../../client/parameter-values.ts';
import type { CommandSpec, Noun } from '../grammar/command-spec.ts';
import type { Flag } from '../grammar/flag.ts';
import { ANNOTATION_FLAGS, PARAMETER_FLAGS, SUMMARY_FLAG } from '../grammar/entity-flags.ts';
import type { Invocation } from '../grammar/invocation.ts';
import { printTriggers } from '../render/entity-rows.ts';
import { fieldNamed, printDone, printGot, printSummary } from '../render/entity.ts';
import { printOutcome } from '../render/invocation-outcome.ts';
import { listFlags, listQuery } from '../render/list.ts';

const NAME_REQUIRED = 'A trigger name is required.';
const NOT_FOUND = 404;
const NOT_ALLOWED = 405;
const DEFINITION_FLAGS: readonly Flag[] = [
  ...PARAMETER_FLAGS, ...ANNOTATION_FLAGS,
  { name: 'feed-param', short: 'F', kind: 'pair', description: 'parameter values for the feed in KEY VALUE format' },
  { name: 'trigger-param', short: 'T', kind: 'pair', description: 'parameter values for the trigger in KEY VALUE format' },
];

const create: CommandSpec = {
  name: 'create', usage: 'TRIGGER_NAME', words: [1, 1], required: NAME_REQUIRED, description: 'create new trigger',
  flags: [...DEFINITION_FLAGS, { name: 'feed', short: 'f', kind: 'text', value: 'ACTION_NAME', description: 'trigger feed ACTION_NAME' }],
  run: createTrigger,
};

async function createTrigger(invocation: Invocation): Promise<void> {
  const { flags, out, client, settings } = invocation;
  const name = invocation.entity(0);
  const written = flags.text('feed');
  const feed = written === undefined ? undefined : parseEntityName(written, settings.namespace);
  if (feed === undefined && flags.has('feed-param') && !flags.has('param')) throw notAllowed('Incorrect usage. Trigger without a feed cannot have feed parameters');
  const { trigger: forTrigger, feed: forFeed } = await parametersOf(invocation, feed !== undefined);
  const annotations = mergeAnnotations(keyValues(await flags.object('annotation')), feed === undefined ? [] : [feedAnnotation(feed)]);
  const body = { ...(annotations.length === 0 ? {} : { annotations }), ...(forTrigger === undefined ? {} : { parameters: keyValues(forTrigger) }) };
  const attempt = `Unable to create trigger '${name.name}'`;
  const trigger = await attempting(attempt, () => client.put('triggers', name, body, false));
  if (feed !== undefined) {
    try {
      await configure(invocation, feed, 'CREATE', name, forFeed);
    } catch (error) {
      await client.delete('triggers', name).catch(() => undefined);
      throw error instanceof WhiskError ? because(attempt, error) : error;
    }
  }
  printDone(out, 'created trigger', name.name, trigger);
}

const update: CommandSpec = {
  name: 'update', usage: 'TRIGGER_NAME', words: [1, 1], required: NAME_REQUIRED,
  description: 'update an existing trigger, or create a trigger if it does not exist', flags: DEFINITION_FLAGS,
  async run(invocation) {
    const { flags, out, client, settings } = invocation;
    const name = invocation.entity(0);
    const existing = await triggerNamed(invocation, name);
    if (existing === undefined) {
      await createTrigger(invocation);
      return;
    }
    const written = feedOf(existing);
    const feed = written === undefined ? undefined : parseEntityName(written, settings.namespace);
    if (feed === undefined && flags.has('feed-param') && !flags.has('param')) {
      throw new WhiskError(`Unable to configure feed '${name.name}': this trigger does not contain a feed`);
    }
    const { trigger: forTrigger, feed: forFeed } = await parametersOf(invocation, feed !== undefined);
    const attempt = `Unable to update trigger '${name.name}'`;
    const body = { ...await annotationsFor(invocation, feed), ...(forTrigger === undefined ? {} : { parameters: keyValues(forTrigger) }) };
    // A trigger of a feed changes only where something was said of the trigger itself.
    const trigger = feed === undefined || Object.keys(body).length > 0 ? await attempting(attempt, () => client.put('triggers', name, body, true)) : existing;
    if (feed !== undefined && (flags.has('param') || flags.has('feed-param') || !flags.has('trigger-param'))) {
      await attempting(attempt, () => configure(invocation, feed, 'UPDATE', name, forFeed));
    }
    printDone(out, 'updated trigger', name.name, trigger);
  },
};

/** Annotations replace those that are there, so the one that names the feed is said again. */
async function annotationsFor({ flags }: Invocation, feed: QualifiedName | undefined): Promise<{ annotations?: KeyValue[] }> {
  if (!flags.has('annotation')) return {};
  return { annotations: mergeAnnotations(keyValues(await flags.object('annotation')), feed === undefined ? [] : [feedAnnotation(feed)]) };
}

const get: CommandSpec = {
  name: 'get', usage: 'TRIGGER_NAME [FIELD_FILTER]', words: [1, 2], required: NAME_REQUIRED, description: 'get trigger; one of a feed is what its feed says of it', flags: [SUMMARY_FLAG],
  async run(invocation) {
    const { flags, out, client, settings, words: [, filter] } = invocation;
    const field = filter === undefined ? undefined : fieldNamed('trigger', filter);
    const name = invocation.entity(0);
    const trigger = await attempting(`Unable to get trigger '${name.name}'`, () => client.get('triggers', name));
    const written = feedOf(trigger);
    if (flags.on('summary')) {
      printSummary(out, 'trigger', trigger);
    } else if (written !== undefined && field === undefined) {
      const feed = parseEntityName(written, settings.namespace);
      const outcome = await attempting(`Unable to configure feed '${written}'`, () => invokeFeed(client, feed, 'READ', name));
      printOutcome(out, feed, outcome, { blocking: true, result: false });
    } else {
      printGot(out, 'trigger', name.name, trigger, field);
    }
  },
};

const remove: CommandSpec = {
  name: 'delete', usage: 'TRIGGER_NAME', words: [1, 1], required: NAME_REQUIRED, description: 'delete trigger', flags: [],
  async run(invocation) {
    const { out, client, settings } = invocation;
    const name = invocation.entity(0);
    const existing = await attempting(`Unable to get trigger '${name.name}'`, () => client.get('triggers', name));
    const feed = feedOf(existing);
    if (feed !== undefined) {
      // A trigger whose feed is gone, or has forgotten it, can be deleted all the same.
      await configure(invocation, parseEntityName(feed, settings.namespace), 'DELETE', name, {}).catch((error: unknown) => {
        if (!(error instanceof WhiskError)) throw error;
        out.aside(`warning: ${error.message}`);
      });
    }
    const trigger = await attempting(`Unable to delete trigger '${name.name}'`, () => client.delete('triggers', name));
    printDone(out, 'deleted trigger', name.name, trigger);
  },
};

const fire: CommandSpec = {
  name: 'fire', usage: 'TRIGGER_NAME [PAYLOAD]', words: [1, 2], required: NAME_REQUIRED, description: 'fire trigger event', flags: PARAMETER_FLAGS,
  async run(invocation) {
    const { flags, out, client, words: [, payload] } = invocation;
    const name = invocation.entity(0);
    const event = { ...await flags.object('param'), ...(payload === undefined ? {} : payloadOf(payload)) };
    const id = await attempting(`Unable to fire trigger '${name.name}'`, () => client.fire(name, event));
    if (out.format === 'json') out.json(id === undefined ? {} : { activationId: id });
    else if (out.format === 'name') out.text(id === undefined ? '' : `${id}\n`);
    else if (id === undefined) out.line(`trigger ${out.bold(fullName(name))} did not fire as it is not associated with an active rule`);
    else out.ok(`triggered ${out.bold(fullName(name))} with id ${out.bold(id)}`);
  },
};

const list: CommandSpec = {
  name: 'list', usage: '[NAMESPACE]', words: [0, 1], required: 'An optional namespace is the only valid argument.', description: 'list all triggers', flags: listFlags('triggers'),
  async run(invocation) {
    const { flags, out, client } = invocation;
    const namespace = invocation.namespace(0);
    const triggers = await attempting(`Unable to obtain the list of triggers for namespace '${namespace === '_' ? 'default' : namespace}'`, () => client.list('triggers', namespace, listQuery(flags)));
    printTriggers(out, triggers, flags.on('name-sort'));
  },
};

/** -p goes to the feed where there is one, else to the trigger; -F and -T say which, and do not go with -p. @throws {WhiskError} usage */
async function parametersOf({ flags }: Invocation, hasFeed: boolean): Promise<{ trigger?: JsonObject; feed: JsonObject }> {
  const both = await flags.object('param');
  if (flags.has('param') && (flags.has('feed-param') || flags.has('trigger-param'))) {
    throw notAllowed('Incorrect usage. Cannot combine --feed-param or --trigger-param flag with --param flag');
  }
  if (flags.has('param')) return hasFeed ? { feed: both } : { trigger: both, feed: {} };
  return { ...(flags.has('trigger-param') ? { trigger: await flags.object('trigger-param') } : {}), feed: await flags.object('feed-param') };
}

/** What flags forbid each other: wsk ends with the status of 405. */
function notAllowed(message: string): WhiskError {
  return new WhiskError(message, { exitCode: exitCodeOf(NOT_ALLOWED) });
}

function feedAnnotation(feed: QualifiedName): KeyValue {
  return { key: 'feed', value: fullName(feed) };
}

/** Tells the feed and prints what it says. @throws {WhiskError} with the exit status of its failure */
async function configure({ client, out }: Invocation, feed: QualifiedName, event: FeedEvent, trigger: QualifiedName, parameters: JsonObject): Promise<void> {
  const attempt = `Unable to configure feed '${fullName(feed)}'`;
  const outcome = await attempting(attempt, () => invokeFeed(client, feed, event, trigger, parameters));
  if (outcome.kind === 'failed') throw new WhiskError(`${attempt}: ${failureText(outcome)}`, { exitCode: exitCodeOf(outcome.status) });
  // The output for scripts is the trigger's alone.
  if (out.format === 'table' || out.format === 'wide') printOutcome(out, feed, outcome, { blocking: true, result: false });
}

async function triggerNamed({ client }: Invocation, name: QualifiedName): Promise<TriggerResource | undefined> {
  try {
    return await client.get('triggers', name);
  } catch (error) {
    if (error instanceof HttpStatusError && error.status === NOT_FOUND) return undefined;
    throw error instanceof WhiskError ? because(`Unable to get trigger '${name.name}'`, error) : error;
  }
}

function payloadOf(word: string): JsonObject {
  const value = parameterValue(word);
  return isJsonObject(value) ? value : { payload: value };
}

export const triggerNoun: Noun = { name: 'trigger', description: 'work with triggers', commands: [fire, create, update, get, remove, list] };
