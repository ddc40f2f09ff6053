import { setTimeout as sleep } from 'node:timers/promises';
import type { ActivationResource } from '../../client/resources.ts';
import { parseQualifiedName } from '../../client/qualified-name.ts';
import type { WhiskClient } from '../../client/whisk-client.ts';
import { attempting, EXIT_NETWORK, HttpStatusError, WhiskError } from '../../client/whisk-error.ts';
import type { CommandSpec, Noun } from '../grammar/command-spec.ts';
import type { Flag } from '../grammar/flag.ts';
import type { Invocation } from '../grammar/invocation.ts';
import { printActivations } from '../render/activation-rows.ts';
import { fieldNamed, printGot } from '../render/entity.ts';
import { listFlags, listQuery } from '../render/list.ts';
import { withoutStamp } from '../render/log-line.ts';
import { ActivationPoll } from '../activation-poll.ts';

const POLL_INTERVAL_MS = 2_000;
const TOO_MANY_REQUESTS = 429;
const LAST_FLAG: Flag = { name: 'last', short: 'l', kind: 'boolean', description: 'retrieves the last activation' };

const list: CommandSpec = {
  name: 'list', usage: '[NAMESPACE or NAME]', words: [0, 1], required: 'An optional namespace is the only valid argument.', description: 'list activations',
  flags: [
    ...listFlags('activations').filter(({ name }) => name !== 'name-sort'),
    { name: 'full', short: 'f', kind: 'boolean', description: 'include full activation description' },
    { name: 'upto', kind: 'integer', value: 'UPTO', description: 'return activations with timestamps earlier than UPTO; measured in milliseconds since Th, 01, Jan 1970' },
    { name: 'since', kind: 'integer', value: 'SINCE', description: 'return activations with timestamps later than SINCE; measured in milliseconds since Th, 01, Jan 1970' },
  ],
  async run(invocation) {
    const { flags, out, client } = invocation;
    const { namespace, name } = invocation.anyName(0);
    const query = {
      ...listQuery(flags), name: name === '' ? undefined : name, since: flags.number('since'), upto: flags.number('upto'), docs: flags.on('full') ? true : undefined,
    };
    const activations = await attempting(`Unable to obtain the list of activations for namespace '${namespace === '_' ? 'default' : namespace}'`, () => client.activations(query, namespace));
    if (flags.on('full') && out.format === 'table') {
      out.line(out.bold('activations'));
      for (const activation of activations) out.json(activation);
    } else {
      printActivations(out, activations);
    }
  },
};

const get: CommandSpec = {
  name: 'get', usage: '(ACTIVATION_ID | --last) [FIELD_FILTER]', words: [0, 2], required: 'An activation ID is required.', description: 'get activation',
  flags: [
    LAST_FLAG,
    { name: 'summary', short: 's', kind: 'boolean', description: 'summarize activation details' },
    { name: 'logs', short: 'g', kind: 'boolean', description: 'emit only the logs, stripped of time stamps and stream identifier' },
  ],
  async run(invocation) {
    const { flags, out, client } = invocation;
    const [id, filter] = await chosen(invocation, 'Unable to get activation', 1);
    const field = filter === undefined ? undefined : fieldNamed('activation', filter);
    const activation = await attempting(`Unable to get activation '${id}'`, () => client.activation(id));
    if (flags.on('summary')) {
      const { namespace, name, end = activation.start, response } = activation;
      out.say(`activation result for '/${namespace}/${name}' (${response?.status ?? ''} at ${new Date(end).toString()})`);
      out.json(response?.result ?? null);
    } else if (flags.on('logs')) {
      printLogs(invocation, activation.logs ?? [], true);
    } else {
      printGot(out, 'activation', id, asShown(activation), field);
    }
  },
};

const STATUSES = ['success', 'application error', 'action developer error', 'whisk internal error'];

/** wsk shows the times of what has no end (a trigger's activation), and the number of every status. */
function asShown(activation: ActivationResource): ActivationResource {
  const { end = 0, duration = 0, response } = activation;
  return { ...activation, end, duration, statusCode: Math.max(0, STATUSES.indexOf(response?.status ?? '')) };
}

const logs: CommandSpec = {
  name: 'logs', usage: '(ACTIVATION_ID | --last)', words: [0, 1], required: 'An activation ID is required.', description: 'get the logs of an activation',
  flags: [LAST_FLAG, { name: 'strip', short: 'r', kind: 'boolean', description: 'strip timestamp and stream information' }],
  async run(invocation) {
    const [id] = await chosen(invocation, 'Unable to get logs for activation', 0);
    const lines = await attempting(`Unable to get logs for activation '${id}'`, () => invocation.client.activationLogs(id));
    printLogs(invocation, lines, invocation.flags.on('strip'));
  },
};

const result: CommandSpec = {
  name: 'result', usage: '(ACTIVATION_ID | --last)', words: [0, 1], required: 'An activation ID is required.', description: 'get the result of an activation', flags: [LAST_FLAG],
  async run(invocation) {
    const [id] = await chosen(invocation, 'Unable to get result for activation', 0);
    invocation.out.json(await attempting(`Unable to get result for activation '${id}'`, () => invocation.client.activationResult(id)));
  },
};

const poll: CommandSpec = {
  name: 'poll', usage: '[NAMESPACE | ACTION_NAME]', words: [0, 1], required: 'An optional namespace is the only valid argument.',
  description: 'poll continuously for log messages from currently running actions',
  flags: [
    { name: 'exit', short: 'e', kind: 'integer', value: 'SECONDS', description: 'stop polling after SECONDS seconds' },
    { name: 'since-seconds', kind: 'integer', value: 'SECONDS', description: 'start polling for activations SECONDS seconds ago' },
    { name: 'since-minutes', kind: 'integer', value: 'MINUTES', description: 'start polling for activations MINUTES minutes ago' },
    { name: 'since-hours', kind: 'integer', value: 'HOURS', description: 'start polling for activations HOURS hours ago' },
    { name: 'since-days', kind: 'integer', value: 'DAYS', description: 'start polling for activations DAYS days ago' },
  ],
  async run(invocation) {
    const { flags, out, client, settings } = invocation;
    const { namespace, name } = parseQualifiedName(invocation.words[0] ?? `/${settings.namespace}`, settings.namespace);
    process.once('SIGINT', stop).once('SIGTERM', stop);
    out.say('Enter Ctrl-c to exit.');
    const until = flags.has('exit') ? Date.now() + (flags.number('exit') ?? 0) * 1000 : Infinity;
    const activations = new ActivationPoll(await pollStart(invocation, client, namespace));
    out.say('Polling for activation logs');
    do {
      // What fails now may work in two seconds: the platform may be starting again.
      const page = await client.activations({ ...activations.query(), name: name === '' ? undefined : name }, namespace).catch((error: unknown) => {
        if (!mayPass(error)) throw error;
        return [];
      });
      for (const activation of activations.unseen(page)) printPolled(invocation, activation);
      await sleep(Math.max(0, Math.min(POLL_INTERVAL_MS, until - Date.now())));
    } while (Date.now() < until);
  },
};

/** The API host cannot be reached, is busy or in trouble. */
function mayPass(error: unknown): boolean {
  if (error instanceof HttpStatusError) return error.status === TOO_MANY_REQUESTS || error.status >= 500;
  return error instanceof WhiskError && error.exitCode === EXIT_NETWORK;
}

function stop(): never {
  process.stdout.write('Poll terminated\n');
  process.exit(1);
}

/** From when on, in epoch ms: as the flags say, else behind the newest activation that there is. */
async function pollStart({ flags }: Invocation, client: WhiskClient, namespace: string): Promise<number> {
  const of = (flag: string): number => flags.number(flag) ?? 0;
  const seconds = of('since-seconds') + 60 * (of('since-minutes') + 60 * (of('since-hours') + 24 * of('since-days')));
  if (seconds > 0) return Date.now() - seconds * 1000;
  const [newest] = await client.activations({ limit: 1, skip: 0 }, namespace);
  return newest === undefined ? 0 : newest.start + 1;
}

function printPolled({ out }: Invocation, activation: ActivationResource): void {
  if (out.format === 'json') {
    out.line(JSON.stringify(activation));
  } else if (out.format === 'name') {
    out.line(activation.activationId);
  } else {
    out.line(`\nActivation: '${activation.name}' (${activation.activationId})`);
    out.json(activation.logs ?? []);
  }
}

/**
 * The words of the command with --last in place of the ID.
 * @param filters how many words may follow the ID
 */
async function chosen({ words, flags, client }: Invocation, attempt: string, filters: 0 | 1): Promise<[id: string, filter: string | undefined]> {
  if (!flags.on('last')) {
    const [id, filter] = words;
    if (id === undefined) throw new WhiskError('Invalid argument(s). An activation ID is required.', { showUsage: true });
    return [id, filter];
  }
  if (words.length > filters) throw new WhiskError(`Invalid argument(s): ${words.slice(filters).join(', ')}. An activation ID is required.`, { showUsage: true });
  const [newest] = await attempting(attempt, () => client.activations({ limit: 1, skip: 0 }));
  if (newest === undefined) throw new WhiskError(`${attempt}: Activation list does not contain any activations.`);
  return [newest.activationId, words[0]];
}

function printLogs({ out }: Invocation, lines: readonly string[], strip: boolean): void {
  const shown = strip ? lines.map(withoutStamp) : lines;
  if (out.format === 'json') out.json(shown);
  else for (const line of shown) out.line(line);
}

export const activationNoun: Noun = { name: 'activation', description: 'work with activations', commands: [list, get, logs, result, poll] };
