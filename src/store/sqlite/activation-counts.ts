/**
 * How many records there are of a namespace, or of a name in it, in a range of time, without walking over all of them: they
 * are counted in buckets by their start, of 2^24 ms (almost five hours) and of 2^16 ms (a minute or so). A range is
 * made up of large buckets, at its ends of small ones, and only what does not fill one of these is counted in the index.
 * Changes are gathered and written when someone asks or the transaction ends, because the records of a transaction share
 * few buckets.
 */
import type { ActivationFilter } from '../store.ts';
import type { Connection } from './connection.ts';

/** Binary logarithms of the sizes of buckets in ms, largest first. */
export const COUNT_LEVELS = [24, 16];
/** In place of a name: all of them. */
const ANY = '';

interface Change {
  namespace: string;
  name: string;
  level: number;
  bucket: number;
  count: number;
}

/** Epoch ms, both ends included. */
interface Range {
  since: number | undefined;
  upto: number | undefined;
}

export class ActivationCounts {
  readonly #connection: Connection;
  readonly #changes = new Map<string, Change>();
  #records = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Within a transaction. @param count 1 for a new record, -1 for one removed */
  add(namespace: string, name: string, start: number, count: 1 | -1): void {
    for (const level of COUNT_LEVELS) {
      const bucket = Math.floor(start / 2 ** level);
      this.#add(namespace, name, level, bucket, count);
      this.#add(namespace, ANY, level, bucket, count);
    }
    this.#records += count;
  }

  /** Writes what was gathered into the transaction that it belongs to. */
  flush(): void {
    if (this.#changes.size === 0) return;
    for (const { namespace, name, level, bucket, count } of this.#changes.values()) {
      this.#connection.run(
        'INSERT INTO activation_counts VALUES (?, ?, ?, ?, ?) ON CONFLICT (namespace, name, level, bucket) DO UPDATE SET count = count + excluded.count',
        namespace, name, level, bucket, count,
      );
      if (count < 0) {
        this.#connection.run(
          'DELETE FROM activation_counts WHERE namespace = ? AND name = ? AND level = ? AND bucket = ? AND count = 0', namespace, name, level, bucket,
        );
      }
    }
    this.#connection.run('UPDATE progress SET activations = activations + ?', this.#records);
    this.clear();
  }

  /** Forgets what was gathered: its transaction was rolled back. */
  clear(): void {
    this.#changes.clear();
    this.#records = 0;
  }

  /** All records there are. */
  total(): number {
    this.flush();
    return Number(this.#connection.get('SELECT activations FROM progress')?.['activations']);
  }

  /** @param countRange counts one by one, from the index */
  count({ namespace, name = ANY, since, upto }: ActivationFilter, countRange: (range: Range) => number): number {
    this.flush();
    const countFrom = (levels: readonly number[], range: Range): number => {
      const [level, ...finer] = levels;
      if (level === undefined) return countRange(range);
      const bucketMs = 2 ** level;
      const first = range.since === undefined ? -Infinity : Math.ceil(range.since / bucketMs);
      const last = range.upto === undefined ? Infinity : Math.floor((range.upto + 1) / bucketMs) - 1;
      if (first > last) return countFrom(finer, range);
      const beforeFirst = { since: range.since, upto: first * bucketMs - 1 };
      const afterLast = { since: (last + 1) * bucketMs, upto: range.upto };
      return this.#inBuckets(namespace, name, level, first, last)
        + (range.since === undefined || range.since > beforeFirst.upto ? 0 : countFrom(finer, beforeFirst))
        + (range.upto === undefined || range.upto < afterLast.since ? 0 : countFrom(finer, afterLast));
    };
    return countFrom(COUNT_LEVELS, { since, upto });
  }

  #inBuckets(namespace: string, name: string, level: number, first: number, last: number): number {
    return Number(this.#connection.get(
      'SELECT total(count) AS count FROM activation_counts WHERE namespace = ? AND name = ? AND level = ? AND bucket >= ? AND bucket <= ?',
      namespace, name, level, first, last,
    )?.['count']);
  }

  #add(namespace: string, name: string, level: number, bucket: number, count: number): void {
    const key = `${level} ${bucket} ${namespace}/${name}`;
    const change = this.#changes.get(key);
    if (change === undefined) this.#changes.set(key, { namespace, name, level, bucket, count });
    else change.count += count;
  }
}
