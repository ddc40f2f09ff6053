/** `hpcwhisk user …`: runs an account command and prints what it gives. */
import type { AccountAnswers, AccountCommand } from '../accounts/account-commands.ts';
import type { SubjectView } from '../accounts/accounts.ts';
import type { Limits } from '../domain/limits.ts';
import { UNLIMITED } from '../domain/limits.ts';
import { onAccounts, type AccountPlace } from './account-access.ts';
import { StateDirectory } from './state-directory.ts';

export interface UserOptions extends AccountPlace {
  json: boolean;
}

const GUEST = 'guest';

export async function runUserCommand(command: AccountCommand, options: UserOptions): Promise<void> {
  const answer = await onAccounts(options, command);
  if (command.command === 'rotate-key') await keepGuestsKey(options, answer as AccountAnswers['rotate-key']);
  console.log(options.json ? JSON.stringify(answer, null, 2) : render(command, answer));
}

/** The key of the namespace guest lies in a file, from which the next start takes it. */
async function keepGuestsKey(options: UserOptions, { subject, namespace, auth }: AccountAnswers['rotate-key']): Promise<void> {
  if (subject === GUEST && namespace === GUEST) await new StateDirectory(options.state).writeSecret('auth', `${auth}\n`);
}

function render(command: AccountCommand, answer: AccountAnswers[AccountCommand['command']]): string {
  switch (command.command) {
    case 'create':
    case 'rotate-key':
      return (answer as AccountAnswers['create']).auth;
    case 'list': {
      const subjects = answer as AccountAnswers['list'];
      return subjects.length === 0 ? 'no subjects' : subjects.map(subjectLines).join('\n');
    }
    case 'delete':
      return `${command.subject}: ${command.namespace === undefined ? 'deleted' : `taken out of ${command.namespace}`}`;
    case 'limits':
      return limitLines(answer as AccountAnswers['limits']);
    default:
      return subjectLines(answer as SubjectView);
  }
}

function subjectLines({ subject, blocked, namespaces }: SubjectView): string {
  const lines = namespaces.map(({ name, uuid, keys, limits }) => {
    const own = limits === undefined || Object.keys(limits).length === 0 ? '' : `, limits of its own: ${Object.keys(limits).join(', ')}`;
    return `  namespace ${name}  uuid ${uuid}  ${keys.length} ${keys.length === 1 ? 'key' : 'keys'}${own}`;
  });
  return [`${subject}${blocked ? '  (blocked)' : ''}`, ...lines].join('\n');
}

function limitLines({ set, limits }: AccountAnswers['limits']): string {
  return flatLimits(limits).map(([name, value]) => `${name.padEnd(26)} ${value === UNLIMITED ? 'unlimited' : value}${name in set ? '  (its own)' : ''}`).join('\n');
}

function flatLimits({ action, ...limits }: Limits): [name: string, value: number][] {
  const ranges = Object.entries(action).flatMap(([limit, { min, max, standard }]) => {
    const name = `Action${limit.charAt(0).toUpperCase()}${limit.slice(1)}`;
    return [[`min${name}`, min], [`max${name}`, max], [`standard${name}`, standard]] as [string, number][];
  });
  return [...Object.entries(limits), ...ranges];
}
