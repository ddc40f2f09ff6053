import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { meanSpacingMs, readNodeLog, surfaceOfLog } from './prometheus-log.ts';
import { quantile, surfaceStatistics } from './surface-statistics.ts';
import { TraceError } from './trace-error.ts';

const T = 1_600_000_000;
const sinfo = (nodes: string, count: number, state = 'idle'): string => `lowprio      up   12:00:00     ${count}   ${state} ${nodes}`;
const SMALL = [
  `${T}`, 'invokers: p0001,p0002', sinfo('p0003', 1), sinfo('p[0004-0005]', 2, 'idle~'), '----',
  `${T + 10}`, 'invokers: p0001,p0003', '----',
  `${T + 20}`, 'invokers: ', sinfo('p[0001,0003]', 2), '----',
  `${T + 30}`, sinfo('p0002', 1), '----', '',
].join('\n');

describe('readNodeLog', () => {
  it('reads samples with and without the line of invokers', () => {
    const log = readNodeLog(SMALL);
    assert.equal(log.torn, 0);
    assert.deepEqual(log.samples, [
      { at: T * 1000, idle: ['p0003'], pilots: ['p0001', 'p0002'] },
      { at: (T + 10) * 1000, idle: [], pilots: ['p0001', 'p0003'] },
      { at: (T + 20) * 1000, idle: ['p0001', 'p0003'], pilots: [] },
      { at: (T + 30) * 1000, idle: ['p0002'], pilots: [] },
    ]);
  });

  it('reads bytes, gzipped or not', () => {
    assert.deepEqual(readNodeLog(Buffer.from(SMALL)), readNodeLog(SMALL));
    assert.deepEqual(readNodeLog(gzipSync(SMALL)), readNodeLog(SMALL));
  });

  it('leaves out torn samples, at the end and before a new one', () => {
    const end = SMALL.indexOf('----', SMALL.indexOf(`${T + 30}`));
    const cut = readNodeLog(SMALL.slice(0, end - 10));
    assert.equal(cut.samples.length, 3);
    assert.equal(cut.torn, 1);
    const middle = readNodeLog(SMALL.replace(`----\n${T + 10}`, `lowprio  up  12:0\n${T + 10}`));
    assert.deepEqual(middle.samples.map(({ at }) => at / 1000 - T), [10, 20, 30]);
    assert.equal(middle.torn, 1);
  });

  it('reads every beginning of a log that holds a whole sample', () => {
    const first = SMALL.indexOf('----\n') + 4;
    fc.assert(fc.property(fc.integer({ min: first, max: SMALL.length }), (length) => {
      const log = readNodeLog(SMALL.slice(0, length));
      assert.ok(log.samples.length >= 1 && log.torn <= 1);
    }));
  });

  const bad: [string, string, number | undefined][] = [
    ['', 'ETRACEEMPTY', undefined],
    [`${T}\n`, 'ETRACEEMPTY', undefined],
    ['hello\n----\n', 'ETRACEFORMAT', 1],
    [`${T}\nwhat is this\n----\n`, 'ETRACEFORMAT', 2],
    [`${T}\n${sinfo('p[1-', 1)}\n----\n`, 'ETRACEFORMAT', 2],
    [`${T}\n${sinfo('p[1-3]', 2)}\n----\n`, 'ETRACEFORMAT', 2],
    [`${T}\n----\n${T - 5}\n----\n`, 'ETRACEFORMAT', 3],
  ];
  for (const [text, code, line] of bad) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(() => readNodeLog(text), (error) => error instanceof TraceError && error.code === code && error.line === line);
    });
  }

  it('refuses a damaged gzip file', () => {
    assert.throws(() => readNodeLog(gzipSync(SMALL).subarray(0, 40)), (error) => error instanceof TraceError && error.code === 'ETRACEFORMAT');
  });
});

describe('surfaceOfLog', () => {
  it('joins a pilot and the idle time around it to one period', () => {
    const surface = surfaceOfLog(readNodeLog(SMALL));
    const at = (seconds: number): number => (T + seconds) * 1000;
    assert.deepEqual(surface, {
      from: at(0), to: at(40), nodeCount: 4,
      periods: [
        { node: 'p0001', start: at(0), end: at(30) },
        { node: 'p0002', start: at(0), end: at(10) },
        { node: 'p0003', start: at(0), end: at(30) },
        { node: 'p0002', start: at(30), end: at(40) },
      ],
    });
  });

  it('knows nothing of a hole in the log', () => {
    const sample = (at: number): string => `${at}\n${sinfo('p1', 1)}\n----\n`;
    const surface = surfaceOfLog(readNodeLog(sample(T) + sample(T + 10) + sample(T + 1000)));
    assert.equal(surface.periods.length, 2);
    assert.ok(surface.periods[0]!.end < (T + 600) * 1000);
  });
});

/** Where the real logs lie is not for the repository to know. */
const data = process.env['HPCWHISK_DATA'];
const realLog = data === undefined ? undefined : path.join(data, 'prometheus-2022-03-17', 'idle_nodes.txt.gz');

it('gives the published figures of 17 March 2022', { skip: realLog === undefined && 'HPCWHISK_DATA does not name the folder of the real node logs' }, () => {
  const log = readNodeLog(readFileSync(realLog!));
  assert.equal(log.samples.length, 8057);
  assert.equal(meanSpacingMs(log).toFixed(0), '10723');
  // The paper weighs every sample alike and measures periods in samples.
  const idle = log.samples.map((sample) => new Set([...sample.idle, ...sample.pilots]).size).sort((a, b) => a - b);
  assert.deepEqual([0.25, 0.5, 0.75].map((share) => quantile(idle, share)), [5, 11, 16]);
  assert.equal((idle.reduce((sum, count) => sum + count, 0) / idle.length).toFixed(2), '11.85');
  const even = surfaceOfLog({ ...log, samples: log.samples.map((sample, index) => ({ ...sample, at: index * meanSpacingMs(log) })) });
  const statistics = surfaceStatistics(even);
  assert.equal(statistics.periods.count, 1599);
  assert.deepEqual(statistics.periods.quartiles.map((seconds) => seconds.toFixed(1)), ['53.6', '128.7', '504.0']);
  assert.equal((statistics.idleShare * 100).toFixed(3), '0.518');
  assert.equal(statistics.idleNodes.max, 51);
});
