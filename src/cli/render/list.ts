import type { Flag } from '../grammar/flag.ts';
import type { ParsedFlags } from '../grammar/parsed-flags.ts';
import type { Query } from '../../client/whisk-client.ts';
import type { Output } from './output.ts';

interface ListLayout<T> {
  /** Over the table. */
  readonly header: string;
  readonly row: (item: T) => string;
  /** More columns behind a row. */
  readonly more?: (item: T) => string;
  readonly name: (item: T) => string;
}

/** @param what plural, as in "number of actions" */
export function listFlags(what: string): Flag[] {
  return [
    { name: 'skip', short: 's', kind: 'integer', value: 'SKIP', description: `exclude the first SKIP number of ${what} from the result` },
    { name: 'limit', short: 'l', kind: 'integer', value: 'LIMIT', description: `only return LIMIT number of ${what} from the collection (30 unless told)` },
    { name: 'name-sort', short: 'n', kind: 'boolean', description: 'sort by name what is returned' },
  ];
}

const LIMIT = 30;

export function listQuery(flags: ParsedFlags): Query {
  return { limit: flags.number('limit') ?? LIMIT, skip: flags.number('skip') ?? 0 };
}

/** Prints it in the format of the output. */
export function printList<T>(out: Output, items: readonly T[], { header, row, more, name }: ListLayout<T>): void {
  if (out.format === 'json') {
    out.json(items);
    return;
  }
  if (out.format === 'name') {
    for (const item of items) out.line(name(item));
    return;
  }
  out.line(out.bold(header));
  for (const item of items) out.line(`${row(item)}${out.format === 'wide' && more !== undefined ? ` ${more(item)}` : ''}`);
}

/** Sorted copy, by what `key` gives. */
export function sortedBy<T>(items: readonly T[], key: (item: T) => string): T[] {
  return items.toSorted((a, b) => {
    const [left, right] = [key(a), key(b)];
    return left < right ? -1 : left > right ? 1 : 0;
  });
}
