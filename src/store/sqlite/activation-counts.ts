/**
 * How many records there are of a namespace, or of a name in it, in a range of time, without walking over all of them: they
 * are counted in buckets of 2^16 ms (a minute or so) by their start, and only what of the range does not fill a bucket
 * is counted in the index. Changes are gathered and written when someone asks or the transaction ends, because the records of
 * a transaction share few buckets.
 */
import type { ActivationFilter } from '../store.ts';
import type { Connection } from './connection.ts';

export const COUNT_BUCKET_BITS = 16;
const BUCKET_MS = 2 ** COUNT_BUCKET_BITS;
/** In place of a name: all of them. */
const ANY = '';

interface Change {
  namespace: string;
  name: string;
  bucket: number;
  count: number;
}

/** Part of a range that fills no bucket, both ends included. */
interface Rest {
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
    const bucket = Math.floor(start / BUCKET_MS);
    this.#add(namespace, name, bucket, count);
    this.#add(namespace, ANY, bucket, count);
    this.#records += count;
  }

  /** Writes what was gathered into the transaction that it belongs to. */
  flush(): void {
    if (this.#changes.size === 0) return;
    for (const { namespace, name, bucket, count } of this.#changes.values()) {
      this.#connection.run(
        'INSERT INTO activation_counts VALUES (?, ?, ?, ?) ON CONFLICT (namespace, name, bucket) DO UPDATE SET count = count + excluded.count',
        namespace, name, bucket, count,
      );
      if (count < 0) {
        this.#connection.run('DELETE FROM activation_counts WHERE namespace = ? AND name = ? AND bucket = ? AND count = 0', namespace, name, bucket);
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

  /** @param countRest counts one by one */
  count({ namespace, name = ANY, since, upto }: ActivationFilter, countRest: (rest: Rest) => number): number {
    this.flush();
    const first = since === undefined ? -Infinity : Math.ceil(since / BUCKET_MS);
    const last = upto === undefined ? Infinity : Math.floor((upto + 1) / BUCKET_MS) - 1;
    if (first > last) return countRest({ since, upto });
    const whole = Number(this.#connection.get(
      'SELECT total(count) AS count FROM activation_counts WHERE namespace = ? AND name = ? AND bucket >= ? AND bucket <= ?', namespace, name, first, last,
    )?.['count']);
    const before = since === undefined || since === first * BUCKET_MS ? 0 : countRest({ since, upto: first * BUCKET_MS - 1 });
    const after = upto === undefined || upto === (last + 1) * BUCKET_MS - 1 ? 0 : countRest({ since: (last + 1) * BUCKET_MS, upto });
    return before + whole + after;
  }

  #add(namespace: string, name: string, bucket: number, count: number): void {
    const key = `${bucket} ${namespace}/${name}`;
    const change = this.#changes.get(key);
    if (change === undefined) this.#changes.set(key, { namespace, name, bucket, count });
    else change.count += count;
  }
}
