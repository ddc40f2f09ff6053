/**
 * Slurm's bracket notation for lists of hosts: `n[1-3,07-09],login,rack[0-1]n[0-3]`. The width of a range's first
 * number is the width of all of them (`[08-11]` is 08, 09, 10, 11), as scontrol show hostnames has it.
 */

/** More names than this in one list is taken for garbage. */
const MAX_HOSTS = 1_000_000;
/** Numbers of more digits than this are kept as text: they do not fit a double. */
const MAX_DIGITS = 15;

export class HostListError extends Error {
  override readonly name = 'HostListError';
  readonly text: string;

  constructor(text: string, reason: string) {
    super(`not a host list: ${reason} in "${text.length > 80 ? `${text.slice(0, 80)}…` : text}"`);
    this.text = text;
  }
}

/** All hosts of a list, in its order, repetitions kept. @throws {HostListError} */
export function expandHostList(text: string): string[] {
  const hosts: string[] = [];
  if (text.trim() === '') return hosts;
  for (const item of splitOutsideBrackets(text)) {
    const expanded = expandItem(item, text);
    if (hosts.length + expanded.length > MAX_HOSTS) throw new HostListError(text, `more than ${MAX_HOSTS} hosts`);
    for (const host of expanded) hosts.push(host);
  }
  return hosts;
}

/** The shortest list in Slurm's notation, one bracket per prefix, sorted by prefix and number, without repetitions. */
export function compressHostList(hosts: Iterable<string>): string {
  const alone = new Set<string>();
  const numbered = new Map<string, Set<string>>();
  for (const host of hosts) {
    const digits = /[0-9]+$/.exec(host)?.[0];
    if (digits === undefined || digits.length > MAX_DIGITS) {
      alone.add(host);
      continue;
    }
    const prefix = host.slice(0, -digits.length);
    const group = numbered.get(prefix);
    if (group === undefined) numbered.set(prefix, new Set([digits]));
    else group.add(digits);
  }
  const items = [...alone].map((host) => ({ prefix: host, text: host }));
  for (const [prefix, digits] of numbered) {
    const ranges = numberRanges([...digits]);
    const single = ranges.length === 1 && !ranges[0]?.includes('-');
    items.push({ prefix, text: single ? `${prefix}${ranges[0] ?? ''}` : `${prefix}[${ranges.join(',')}]` });
  }
  return items.sort((a, b) => compareText(a.prefix, b.prefix) || compareText(a.text, b.text)).map((item) => item.text).join(',');
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function splitOutsideBrackets(text: string): string[] {
  const items: string[] = [];
  let depth = 0;
  let begin = 0;
  const take = (end: number): void => {
    const item = text.slice(begin, end).trim();
    if (item === '') throw new HostListError(text, 'an empty name');
    items.push(item);
  };
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '[') depth++;
    if (character === ']') depth--;
    if (depth < 0 || depth > 1) throw new HostListError(text, 'unbalanced brackets');
    if (character !== ',' || depth > 0) continue;
    take(at);
    begin = at + 1;
  }
  if (depth !== 0) throw new HostListError(text, 'unbalanced brackets');
  take(text.length);
  return items;
}

function expandItem(item: string, text: string): string[] {
  const open = item.indexOf('[');
  if (open < 0) {
    if (/\s/.test(item)) throw new HostListError(text, 'a space inside a name');
    return [item];
  }
  const close = item.indexOf(']', open);
  const prefix = item.slice(0, open);
  const numbers = item.slice(open + 1, close).split(',').flatMap((range) => expandRange(range, text));
  const rest = item.slice(close + 1);
  const tails = rest === '' ? [''] : expandItem(rest, text);
  if (numbers.length * tails.length > MAX_HOSTS) throw new HostListError(text, `more than ${MAX_HOSTS} hosts`);
  return numbers.flatMap((number) => tails.map((tail) => `${prefix}${number}${tail}`));
}

function expandRange(range: string, text: string): string[] {
  const match = /^([0-9]+)(?:-([0-9]+))?$/.exec(range.trim());
  const first = match?.[1];
  if (first === undefined) throw new HostListError(text, `"${range.slice(0, 20)}" is no number or range`);
  const last = match?.[2];
  if (last === undefined) return [first];
  if (first.length > MAX_DIGITS || last.length > MAX_DIGITS) throw new HostListError(text, 'a number too long');
  const [from, to] = [Number(first), Number(last)];
  if (to < from) throw new HostListError(text, `a range that runs backwards, ${first}-${last}`);
  if (to - from >= MAX_HOSTS) throw new HostListError(text, `more than ${MAX_HOSTS} hosts`);
  return Array.from({ length: to - from + 1 }, (_, offset) => String(from + offset).padStart(first.length, '0'));
}

function numberRanges(digits: string[]): string[] {
  digits.sort((a, b) => Number(a) - Number(b) || a.length - b.length);
  const ranges: { first: string; last: string }[] = [];
  // 9 and 09 are different hosts: each width of padding grows its own ranges.
  const open = new Map<string, { first: string; last: string }>();
  for (const number of digits) {
    const before = open.get(number);
    const range = before ?? { first: number, last: number };
    if (before === undefined) ranges.push(range);
    else open.delete(number);
    range.last = number;
    open.set(String(Number(number) + 1).padStart(range.first.length, '0'), range);
  }
  return ranges.map(({ first, last }) => (first === last ? first : `${first}-${last}`));
}
