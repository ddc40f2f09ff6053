import { Command } from 'commander';
import type { AccountCommand } from '../../accounts/account-commands.ts';
import { CommandError } from '../command-error.ts';
import { defaultStateDirectory } from '../state-directory.ts';
import type { UserOptions } from '../user.ts';

const EXIT_USAGE = 64;

/** What an administrator does with subjects, namespaces and keys, whether a controller runs on the state directory or not. */
export function userCommand(): Command {
  const user = new Command('user').description('Manages subjects, their namespaces and keys, and limits of namespaces.');
  const add = (usage: string, description: string): Command => {
    const command = user.command(usage).description(description)
      .option('--state <dir>', 'state directory of the controller', defaultStateDirectory())
      .option('--store <dir>', 'directory of the store, where the controller was given one')
      .option('--json', 'print JSON', false);
    return command;
  };
  const namespaceOption = ['--namespace <name>', 'namespace (default: for create the subject\'s name, else the first one)'] as const;
  const authOption = ['--auth <uuid:key>', 'key to give (default: a random one)'] as const;

  add('create <subject>', 'Creates a subject, or gives it a further namespace. Prints uuid:key, this one time.')
    .option(...namespaceOption).option(...authOption)
    .action((subject: string, options: UserOptions & Named) => run({ command: 'create', subject, ...named(options) }, options));
  add('get <subject>', 'Shows a subject. Keys cannot be shown: only their hashes are kept.')
    .action((subject: string, options: UserOptions) => run({ command: 'get', subject }, options));
  add('list', 'Lists all subjects, or those of a namespace.')
    .option('--namespace <name>', 'only subjects of this namespace')
    .action((options: UserOptions & Named) => run({ command: 'list', ...named(options) }, options));
  add('block <subject>', 'Makes all keys of a subject useless until it is unblocked.')
    .action((subject: string, options: UserOptions) => run({ command: 'block', subject }, options));
  add('unblock <subject>', 'Makes the keys of a blocked subject work again.')
    .action((subject: string, options: UserOptions) => run({ command: 'unblock', subject }, options));
  add('delete <subject>', 'Deletes a subject, or takes one namespace from it. What stands in the namespace stays.')
    .option('--namespace <name>', 'only this namespace')
    .action((subject: string, options: UserOptions & Named) => run({ command: 'delete', subject, ...named(options) }, options));
  add('rotate-key <subject>', 'Gives a subject a new key; the old ones stop to work. Prints uuid:key, this one time.')
    .option(...namespaceOption).option(...authOption)
    .option('--keep', 'let the old keys work beside the new one', false)
    .action((subject: string, options: UserOptions & Named & { keep: boolean }) => run({ command: 'rotate-key', subject, keep: options.keep, ...named(options) }, options));
  add('limits <namespace> [settings...]', 'Shows the limits of a namespace, or sets some: name=value, or name=default.')
    .addHelpText('after', '\nExample: hpcwhisk user limits alice invocationsPerMinute=600 maxActionMemory=2048 maxPayloadBytes="5 MB"')
    .action((namespace: string, settings: string[], options: UserOptions) => run({ command: 'limits', namespace, changes: Object.fromEntries(settings.map(setting)) }, options));
  return user;
}

interface Named { namespace?: string; auth?: string }

function named({ namespace, auth }: Named): Named {
  return { ...(namespace === undefined ? {} : { namespace }), ...(auth === undefined ? {} : { auth }) };
}

function setting(text: string): [name: string, value: string | null] {
  const at = text.indexOf('=');
  if (at < 1) throw new CommandError('EUSAGE', `a limit is set as name=value, not as ${text}`, EXIT_USAGE);
  const value = text.slice(at + 1);
  return [text.slice(0, at), value === 'default' ? null : value];
}

async function run(command: AccountCommand, options: UserOptions): Promise<void> {
  // The store takes a while to load; other commands do without it.
  const { runUserCommand } = await import('../user.ts');
  await runUserCommand(command, options);
}
