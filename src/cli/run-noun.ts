/** Runs one command of wsk's grammar: words in, exit status out. */
import { resolveSettings, type ConnectionSettings, type SettingFlags } from '../client/connection-settings.ts';
import { propertiesPath, readProperties } from '../client/properties-file.ts';
import { WhiskClient } from '../client/whisk-client.ts';
import { usageError, WhiskError } from '../client/whisk-error.ts';
import { CommandError, errorText } from './command-error.ts';
import type { CommandSpec, Noun } from './grammar/command-spec.ts';
import { GLOBAL_FLAGS } from './grammar/global-flags.ts';
import { commandHelp, flagsOf, nounHelp } from './grammar/help.ts';
import { Invocation } from './grammar/invocation.ts';
import type { ParsedFlags } from './grammar/parsed-flags.ts';
import { parseWords } from './grammar/parse-words.ts';
import type { CommandOutline } from './grammar/flag.ts';
import { localController } from './local-controller.ts';
import { firstWordAt, NOUNS, type NounEntry } from './nouns.ts';
import { httpTrace } from './render/http-trace.ts';
import { Output, outputFormat } from './render/output.ts';

const EXIT_INTERNAL = 70;
/** A reader of the standard output that has gone away, as `head` does, is no error. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => { if (error.code === 'EPIPE') process.exit(0); });

/**
 * @param before the words in front of the noun, all global flags
 * @param behind the words behind it
 * @returns the exit status: 0, or as the head of client/whisk-error.ts says
 */
export async function runNoun(entry: NounEntry, before: readonly string[], behind: readonly string[]): Promise<number> {
  const sink = (stream: NodeJS.WriteStream) => ({
    write: (text: string) => { stream.write(text); },
    colour: stream.isTTY && process.env['NO_COLOR'] === undefined,
  });
  const sinks = [sink(process.stdout), sink(process.stderr)] as const;
  const noun = await entry.load();
  let path = noun.name;
  try {
    const [command, rest] = commandIn(noun, behind);
    if (command === undefined) return helpOf(noun, rest, new Output('table', ...sinks));
    path = noun.itself === command ? noun.name : `${noun.name} ${command.name}`;
    const parsed = parseWords([...before, ...rest], flagsOf(command));
    if (parsed.flags.on('help')) {
      process.stdout.write(commandHelp(path, command));
      return 0;
    }
    checkWords(command, parsed.words);
    const out = new Output(outputFormat(parsed.flags.text('output')), ...sinks);
    await command.run(await invocationOf(parsed.words, parsed.flags, out));
    return 0;
  } catch (error) {
    return report(error, path, new Output('table', ...sinks));
  }
}

/** The verb may stand behind flags of its own: wsk takes them in any order. */
function commandIn(noun: Noun, words: readonly string[]): [CommandSpec | undefined, readonly string[]] {
  if (noun.itself !== undefined) return [noun.itself, words];
  const verb = firstWordAt(words);
  const command = noun.commands.find(({ name }) => name === words[verb]);
  return command === undefined ? [undefined, words] : [command, words.toSpliced(verb, 1)];
}

function helpOf(noun: Noun, words: readonly string[], out: Output): number {
  const unknown = words.find((word) => !word.startsWith('-'));
  if (unknown !== undefined && unknown !== 'help') throw usageError(`unknown command "${unknown}" for "hpcwhisk ${noun.name}"`);
  out.text(nounHelp(noun));
  return 0;
}

function checkWords({ words: [fewest, most], required }: Pick<CommandSpec, 'words' | 'required'>, words: readonly string[]): void {
  if (words.length < fewest) throw new WhiskError(`Invalid argument(s). ${required}`, { showUsage: true });
  if (words.length > most) throw new WhiskError(`Invalid argument(s): ${words.slice(most).join(', ')}. ${required}`, { showUsage: true });
}

async function invocationOf(words: readonly string[], flags: ParsedFlags, out: Output): Promise<Invocation> {
  const path = propertiesPath(process.env);
  const given: SettingFlags = {
    ...textFlag(flags, 'apihost', 'apiHost'), ...textFlag(flags, 'auth', 'auth'), ...textFlag(flags, 'apiversion', 'apiVersion'),
    ...textFlag(flags, 'cert', 'cert'), ...textFlag(flags, 'key', 'key'), ...textFlag(flags, 'cacert', 'cacert'), insecure: flags.on('insecure'),
  };
  const verbose = flags.on('verbose') || flags.on('debug');
  const settings = await withLocalController(resolveSettings(given, process.env, await readProperties(path)), given, flags.text('state'), (text) => { if (verbose) out.aside(text); });
  return new Invocation({
    words, flags, out, settings, propertiesPath: path,
    outline,
    connect: () => new WhiskClient(settings, verbose ? httpTrace(out, flags.on('debug')) : undefined),
  });
}

/** Where nothing names an API host, or --state a controller of this machine, that controller is asked. */
async function withLocalController(settings: ConnectionSettings, given: SettingFlags, state: string | undefined, say: (text: string) => void): Promise<ConnectionSettings> {
  if (state === undefined && settings.apiHost !== '') return settings;
  const local = await localController(state);
  if (local === undefined) return settings;
  say(`Using the controller at ${local.url}, which runs on the state directory ${local.state}`);
  const auth = state === undefined ? settings.auth : given.auth ?? '';
  return { ...settings, apiHost: local.url, auth: auth === '' ? local.auth : auth };
}

/** Every command of either grammar. */
async function outline(): Promise<CommandOutline[]> {
  const nouns = await Promise.all(NOUNS.map(({ load }) => load()));
  const { platformOutline } = await import('./program.ts');
  const ofNouns = nouns.map(({ name, description, commands, itself }) => ({
    name, description, flags: itself === undefined ? GLOBAL_FLAGS : flagsOf(itself),
    verbs: commands.map((command) => ({ name: command.name, description: command.description, flags: flagsOf(command), verbs: [] })),
  }));
  return [...platformOutline(), ...ofNouns];
}

function textFlag(flags: ParsedFlags, flag: string, setting: keyof SettingFlags): SettingFlags {
  const text = flags.text(flag);
  return text === undefined ? {} : { [setting]: text };
}

function report(error: unknown, path: string, out: Output): number {
  if (error instanceof WhiskError) {
    if (!error.silent) out.error(error.message);
    if (error.showUsage) out.aside(`Run 'hpcwhisk ${path} --help' for usage.`);
    return error.exitCode;
  }
  if (error instanceof CommandError) {
    out.error(error.message);
    return error.exitCode;
  }
  out.error(`Application exited unexpectedly: ${errorText(error)}`);
  if (error instanceof Error && process.env['HPCWHISK_DEBUG'] !== undefined) out.aside(error.stack ?? '');
  return EXIT_INTERNAL;
}
