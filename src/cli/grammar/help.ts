import type { CommandSpec, Noun } from './command-spec.ts';
import type { Flag } from './flag.ts';
import { GLOBAL_FLAGS } from './global-flags.ts';

/** What `hpcwhisk NOUN --help` shows. */
export function nounHelp(noun: Noun): string {
  if (noun.itself !== undefined) return commandHelp(noun.name, noun.itself);
  const width = Math.max(...noun.commands.map(({ name }) => name.length));
  return [
    noun.description, '', 'Usage:', `  hpcwhisk ${noun.name} COMMAND`, '', 'Available Commands:',
    ...noun.commands.map(({ name, description }) => `  ${name.padEnd(width)}  ${description}`),
    '', 'Global Flags:', ...flagLines(GLOBAL_FLAGS), '', `Use "hpcwhisk ${noun.name} COMMAND --help" for more about a command.`, '',
  ].join('\n');
}

/** @param path the noun and, where it has verbs, the verb */
export function commandHelp(path: string, command: CommandSpec): string {
  return [
    command.description, '', 'Usage:', `  hpcwhisk ${`${path} ${command.usage}`.trim()}${command.flags.length === 0 ? '' : ' [flags]'}`, '',
    ...(command.flags.length === 0 ? [] : ['Flags:', ...flagLines(command.flags), '']),
    'Global Flags:', ...flagLines(globalFlagsBeside(command.flags)), '',
  ].join('\n');
}

/** The flags of a command and the global ones that it does not hide by a name or a letter of its own. */
export function flagsOf(command: CommandSpec): readonly Flag[] {
  return [...command.flags, ...globalFlagsBeside(command.flags)];
}

function globalFlagsBeside(flags: readonly Flag[]): Flag[] {
  return GLOBAL_FLAGS.filter(({ name }) => flags.every((flag) => flag.name !== name)).map(({ short, ...flag }) =>
    short === undefined || flags.some((other) => other.short === short) ? flag : { ...flag, short });
}

function flagLines(flags: readonly Flag[]): string[] {
  const heads = flags.map(({ name, short, kind, value }) => {
    const words = kind === 'pair' ? 'KEY VALUE' : kind === 'boolean' ? '' : kind === 'optional' ? `[${value ?? 'VALUE'}]` : value ?? 'VALUE';
    return `${short === undefined ? '    ' : `-${short}, `}--${name} ${words}`.trimEnd();
  });
  const width = Math.max(...heads.map((head) => head.length));
  return flags.map(({ description }, at) => `  ${(heads[at] ?? '').padEnd(width)}   ${description}`);
}
