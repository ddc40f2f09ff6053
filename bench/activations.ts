/**
 * What the questions that clients ask about activations take in a store with very many records, at any page of the first
 * 10,000. A read of one record by its id, in the same run, is the yardstick.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ActivationRecord } from '../src/domain/activation.ts';
import { newActivationId } from '../src/domain/ids.ts';
import { silentLogger } from '../src/domain/logger.ts';
import { openSqliteStore } from '../src/store/sqlite/sqlite-store.ts';
import type { ActivationFilter, Store } from '../src/store/store.ts';
import { seededRandom } from '../src/traces/random.ts';
import { median } from './statistics.ts';

export interface ActivationQueries {
  records: number;
  fileMB: number;
  fillPerSecond: number;
  openMs: number;
  queries: { name: string; p50: number; p99: number; ratio: number }[];
}

const DAY_MS = 86_400_000;
/** They are spread over a week that ends now. */
const SPAN_MS = 7 * DAY_MS;
const NAMESPACES = ['guest', 'guest', 'guest', 'other'];
const NAMES = 50;
const BATCH = 2_000;
const FIRST_RECORDS = 10_000;
const PAGE = 200;

export async function benchActivations(records: number, samples: number): Promise<ActivationQueries> {
  const directory = mkdtempSync(join(tmpdir(), 'hpcwhisk-bench-'));
  try {
    const random = seededRandom(11);
    const end = Date.now();
    const filling = await openSqliteStore({ directory, logger: silentLogger });
    const began = performance.now();
    const ids = await fill(filling, records, end, random);
    // Only now is everything in the database, too.
    await filling.close();
    const fillPerSecond = records / ((performance.now() - began) / 1000);
    const opening = performance.now();
    const store = await openSqliteStore({ directory, logger: silentLogger, keepActivations: records });
    const openMs = performance.now() - opening;
    const queries = await ask(store, ids, samples, end, random);
    await store.close();
    return { records, fileMB: statSync(join(directory, 'store.sqlite')).size / 1e6, fillPerSecond, openMs, queries };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** @returns some ids of the namespace that is asked about */
async function fill(store: Store, records: number, end: number, random: () => number): Promise<string[]> {
  const ids: string[] = [];
  for (let done = 0; done < records; done += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, records - done) }, (_, n) => record(end - SPAN_MS + ((done + n) / records) * SPAN_MS, random));
    await Promise.all(batch.map((each) => store.activations.append(each)));
    const one = batch.find(({ namespace }) => namespace === 'guest');
    if (one !== undefined) ids.push(one.activationId);
    // A read waits until the database has caught up: the log would grow otherwise.
    if (done % (BATCH * 10) === 0) await store.activations.get('guest', ids[0] ?? '');
  }
  return ids;
}

function record(at: number, random: () => number): ActivationRecord {
  const start = Math.round(at);
  const namespace = NAMESPACES[Math.floor(random() * NAMESPACES.length)] ?? '';
  // Some functions are called much more often than others; every other one is in a package.
  const number = Math.floor(NAMES * random() ** 3);
  const name = `function-${number}`;
  const duration = Math.round(random() * 1_000);
  return {
    namespace, name, subject: namespace, activationId: newActivationId(start), start, end: start + duration, duration,
    response: { statusCode: 0, result: { greeting: 'Hello', text: 'x'.repeat(Math.floor(random() * 400)) }, size: 200 },
    logs: Array.from({ length: Math.floor(random() * 4) }, (_, n) => `2026-01-02T03:04:05.678Z         stdout: line ${n} of what the function says`),
    version: '0.0.1', publish: false,
    annotations: [
      { key: 'path', value: number % 2 === 0 ? `${namespace}/${name}` : `${namespace}/tools/${name}` }, { key: 'waitTime', value: 3 },
      { key: 'kind', value: 'nodejs:24' }, { key: 'timeout', value: false },
      { key: 'limits', value: { timeout: 60_000, memory: 256, logs: 10, concurrency: 1 } },
    ],
  };
}

async function ask(store: Store, ids: readonly string[], samples: number, end: number, random: () => number): Promise<ActivationQueries['queries']> {
  const { activations } = store;
  const page = (): { limit: number; skip: number } => ({ limit: PAGE, skip: Math.floor(random() * (FIRST_RECORDS - PAGE)) });
  const namespace = 'guest';
  const filters: Record<string, () => ActivationFilter> = {
    'all': () => ({ namespace }),
    'name': () => ({ namespace, name: `function-${2 * Math.floor(random() * 5)}` }),
    'package/name': () => ({ namespace, name: `tools/function-${1 + 2 * Math.floor(random() * 5)}` }),
    'since': () => ({ namespace, since: end - Math.round(random() * SPAN_MS) }),
    'upto': () => ({ namespace, upto: end - Math.round(random() * SPAN_MS) }),
    'name, since and upto': () => {
      const since = end - Math.round(random() * SPAN_MS);
      return { namespace, name: 'function-0', since, upto: since + Math.round(random() * DAY_MS) };
    },
  };
  const kinds: [string, () => Promise<unknown>][] = [
    ['one record by id', () => activations.get(namespace, ids[Math.floor(random() * ids.length)] ?? '')],
    ...Object.entries(filters).flatMap(([name, filter]): [string, () => Promise<unknown>][] => [
      [`list 200: ${name}`, () => activations.summaries(filter(), page())],
      [`list 200, docs: ${name}`, () => activations.list(filter(), page())],
      [`count: ${name}`, () => activations.count(filter())],
    ]),
  ];
  const taken = kinds.map((): number[] => []);
  for (let sample = 0; sample < samples; sample++) {
    // They take turns, so that none has a quieter machine than another.
    for (const [index, [, query]] of kinds.entries()) {
      const began = performance.now();
      await query();
      taken[index]?.push(performance.now() - began);
    }
  }
  const yardstick = median(taken[0] ?? []);
  return kinds.map(([name], index) => {
    const times = (taken[index] ?? []).toSorted((a, b) => a - b);
    const p50 = median(times);
    return { name, p50, p99: times[Math.floor(times.length * 0.99)] ?? NaN, ratio: p50 / yardstick };
  });
}

export function activationsText({ records, fileMB, fillPerSecond, openMs, queries }: ActivationQueries): string {
  const width = Math.max(...queries.map(({ name }) => name.length));
  return [
    `A store with ${records} activation records: ${fileMB.toFixed(0)} MB, filled with ${fillPerSecond.toFixed(0)} /s, opened again in ${openMs.toFixed(0)} ms`,
    'Queries at random pages of the first 10,000 records; ratio to reading one record by its id',
    `  ${'query'.padEnd(width)}  p50 ms  p99 ms  x one record`,
    ...queries.map(({ name, p50, p99, ratio }) => `  ${name.padEnd(width)}  ${p50.toFixed(2).padStart(6)}  ${p99.toFixed(2).padStart(6)}  ${ratio.toFixed(1).padStart(12)}`),
  ].join('\n');
}
