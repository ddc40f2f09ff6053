/** The nouns of wsk's grammar and where each is written down; a command's file is loaded when its noun is used. */
import { GLOBAL_FLAGS } from './grammar/global-flags.ts';
import type { Noun } from './grammar/command-spec.ts';

export interface NounEntry {
  readonly name: string;
  readonly description: string;
  readonly load: () => Promise<Noun>;
}

export const NOUNS: readonly NounEntry[] = [
  { name: 'action', description: 'work with actions', load: async () => (await import('./commands/action.ts')).actionNoun },
  { name: 'activation', description: 'work with activations', load: async () => (await import('./commands/activation.ts')).activationNoun },
  { name: 'package', description: 'work with packages', load: async () => (await import('./commands/package.ts')).packageNoun },
  { name: 'trigger', description: 'work with triggers', load: async () => (await import('./commands/trigger.ts')).triggerNoun },
  { name: 'rule', description: 'work with rules', load: async () => (await import('./commands/rule.ts')).ruleNoun },
  { name: 'api', description: 'work with APIs', load: async () => (await import('./commands/api.ts')).apiNoun },
  { name: 'namespace', description: 'work with namespaces', load: async () => (await import('./commands/namespace.ts')).namespaceNoun },
  { name: 'property', description: 'work with whisk properties', load: async () => (await import('./commands/property.ts')).propertyNoun },
  { name: 'list', description: 'list entities in the current namespace', load: async () => (await import('./commands/namespace.ts')).listNoun },
  { name: 'project', description: 'deploy what a manifest lists, or take it away', load: async () => (await import('./commands/project.ts')).projectNoun },
  { name: 'completion', description: 'print a shell completion script', load: async () => (await import('./commands/completion.ts')).completionNoun },
];

/** The noun that the words begin with, behind global flags if there are any, and where it stands. */
export function nounIn(words: readonly string[]): { entry: NounEntry; at: number } | undefined {
  const at = firstWordAt(words);
  const entry = NOUNS.find(({ name }) => name === words[at]);
  return entry === undefined ? undefined : { entry, at };
}

/** Where the first word stands that is neither a global flag nor belongs to one. */
export function firstWordAt(words: readonly string[]): number {
  let at = 0;
  for (; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (!word.startsWith('-')) break;
    const flag = GLOBAL_FLAGS.find(({ name, short }) => word === `--${name}` || (short !== undefined && word === `-${short}`));
    if (flag !== undefined && flag.kind !== 'boolean') at += 1;
  }
  return at;
}
