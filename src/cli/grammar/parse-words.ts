/**
 * wsk's way with words. A pair flag takes the two words behind it whatever they begin with, so `-p offset -5` works;
 * everything else is as usual: `--flag value`, `--flag=value`, `-f value`, `-fvalue`, `-br` for two booleans, `--` to end.
 */
import { usageError } from '../../client/whisk-error.ts';
import type { Flag } from './flag.ts';
import { ParsedFlags } from './parsed-flags.ts';

export interface ParsedWords { readonly words: readonly string[]; readonly flags: ParsedFlags }

/** @throws {WhiskError} usage */
export function parseWords(words: readonly string[], known: readonly Flag[]): ParsedWords {
  const flags = new ParsedFlags();
  const rest: string[] = [];
  const queue = [...words];
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    if (word === '--') {
      rest.push(...queue);
      break;
    }
    if (word.startsWith('--')) takeLong(word, known, queue, flags);
    else if (word.startsWith('-') && word !== '-') takeShort(word, known, queue, flags);
    else rest.push(word);
  }
  return { words: rest, flags };
}

function takeLong(word: string, known: readonly Flag[], queue: string[], flags: ParsedFlags): void {
  const equals = word.indexOf('=');
  const name = equals === -1 ? word.slice(2) : word.slice(2, equals);
  const flag = known.find((candidate) => candidate.name === name);
  if (flag === undefined) throw usageError(`unknown flag: --${name}`);
  take(flag, `--${name}`, equals === -1 ? undefined : word.slice(equals + 1), queue, flags);
}

function takeShort(word: string, known: readonly Flag[], queue: string[], flags: ParsedFlags): void {
  for (let at = 1; at < word.length; at += 1) {
    const short = word.charAt(at);
    const flag = known.find((candidate) => candidate.short === short);
    if (flag === undefined) throw usageError(`unknown shorthand flag: '${short}' in ${word}`);
    if (flag.kind === 'boolean' && word.charAt(at + 1) !== '=') {
      flags.set(flag, true);
      continue;
    }
    const attached = word.slice(at + 1).replace(/^=/, '');
    take(flag, `-${short}`, attached === '' ? undefined : attached, queue, flags);
    return;
  }
}

function take(flag: Flag, written: string, attached: string | undefined, queue: string[], flags: ParsedFlags): void {
  switch (flag.kind) {
    case 'boolean':
      flags.set(flag, trueOrFalse(attached, written));
      return;
    case 'pair':
      flags.add(flag.name, pair(attached, written, queue));
      return;
    case 'optional':
      flags.set(flag, attached ?? optional(queue));
      return;
    case 'json-file':
      flags.add(flag.into ?? flag.name, { file: attached ?? next(written, queue) });
      return;
    case 'texts':
      flags.append(flag.name, attached ?? next(written, queue));
      return;
    case 'text':
      flags.set(flag, attached ?? next(written, queue));
      return;
    case 'integer':
      flags.set(flag, wholeNumber(attached ?? next(written, queue), written));
  }
}

function next(written: string, queue: string[]): string {
  const word = queue.shift();
  if (word === undefined) throw usageError(`An argument must be provided for '${written}'`);
  return word;
}

function optional(queue: string[]): string {
  const word = queue[0];
  if (word === undefined || word.startsWith('-')) return 'true';
  queue.shift();
  return word;
}

function pair(attached: string | undefined, written: string, queue: string[]): { key: string; value: string } {
  const key = attached ?? queue.shift();
  const value = queue.shift();
  if (key === undefined || value === undefined) throw usageError(`Arguments for '${written}' must be a key/value pair`);
  return { key, value };
}

function trueOrFalse(attached: string | undefined, written: string): boolean {
  if (attached === undefined || attached === 'true') return true;
  if (attached === 'false') return false;
  throw usageError(`invalid argument "${attached}" for "${written}": it must be true or false`);
}

function wholeNumber(text: string, written: string): number {
  if (!/^-?\d+$/.test(text)) throw usageError(`invalid argument "${text}" for "${written}": it must be a whole number`);
  return Number(text);
}
