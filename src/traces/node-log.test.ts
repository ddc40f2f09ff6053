import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { surfaceOfLog } from './availability.ts';
import { meanSpacingMs, readNodeLog, readNodeLogs } from './node-log.ts';
import { realDay, withoutRealDay } from './real-day.test-data.ts';
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

describe('a log of ours', () => {
  const head = '# hpcwhisk node log 1 zone=Europe/Berlin interval=10';
  const job = (id: string, state: string, started = '', ended = ''): string => `job: ${id}|${state}|${T - 100}|${started}|${ended}|60|2|8|prime`;

  it('tells nodes by state, its time zone, and jobs from the first look to the last', () => {
    const log = readNodeLog([
      head, `${T}`, 'states: allocated=10 idle=1 planned=1', sinfo('p1', 1), sinfo('p2', 1, 'planned'), job('1', 'RUNNING', `${T - 50}`), job('2', 'PENDING'), job('3', 'RUNNING', `${T - 5}`), '----',
      `${T + 10}`, 'states: allocated=12', job('2', 'RUNNING', `${T + 4}`), job('3', 'TIMEOUT', `${T - 5}`, `${T + 7}`), 'gone: 1', '----', '',
    ].join('\n'));
    assert.equal(log.nodeCount, 12);
    assert.equal(log.timeZone, 'Europe/Berlin');
    assert.deepEqual(log.samples.map(({ idle, states }) => [idle, states]), [[['p1', 'p2'], { allocated: 10, idle: 1, planned: 1 }], [[], { allocated: 12 }]]);
    const common = { submitted: (T - 100) * 1000, limitSeconds: 3600, nodes: 2, processors: 8, partition: 'prime' };
    assert.deepEqual(log.jobs, [
      { id: '1', state: 'RUNNING', started: (T - 50) * 1000, ended: (T + 10) * 1000, runSeconds: 60, ...common },
      { id: '3', state: 'TIMEOUT', started: (T - 5) * 1000, ended: (T + 7) * 1000, runSeconds: 12, ...common },
      { id: '2', state: 'RUNNING', started: (T + 4) * 1000, ...common },
    ]);
  });

  it('goes on in a new file with the jobs there are', () => {
    const log = readNodeLogs([
      { name: 'a', text: [head, `${T}`, job('1', 'RUNNING', `${T - 50}`), job('2', 'RUNNING', `${T - 50}`), '----', ''].join('\n') },
      { name: 'b', text: [head, `${T + 60}`, job('1', 'RUNNING', `${T - 50}`), '----', `${T + 70}`, 'gone: 1', '----', ''].join('\n') },
    ]);
    assert.deepEqual(log.jobs?.map(({ id, runSeconds }) => [id, runSeconds]), [['1', 120], ['2', undefined]]);
  });

  it('may break off where another writer begins', () => {
    const log = readNodeLog([head, `${T}`, '----', `${T + 10}`, 'job: 1|RUN', head, `${T + 20}`, '----', ''].join('\n'));
    assert.deepEqual([log.samples.length, log.torn], [2, 1]);
  });

  it('is refused where a line of a job is none', () => {
    assert.throws(() => readNodeLog(`${T}\njob: 1|RUNNING\ngone: 1\n----\n`), /line 2: a job has 9 fields, not 2/);
    assert.throws(() => readNodeLog(`${T}\nstates: idle=many\ngone: 1\n----\n`), /line 2: "idle=many" is no number of nodes/);
  });
});

it('passes over what sinfo prints above the nodes, and in their place where there are none', () => {
  const log = readNodeLog(`${T}\nPARTITION AVAIL  TIMELIMIT  NODES  STATE NODELIST\nlowprio      up   12:00:00      0    n/a \n----\n`);
  assert.deepEqual(log.samples, [{ at: T * 1000, idle: [], pilots: [] }]);
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

it('gives the published figures of 17 March 2022', { skip: withoutRealDay }, () => {
  const log = readNodeLog(readFileSync(realDay().nodeLog));
  assert.equal(log.samples.length, 8057);
  assert.equal(meanSpacingMs(log.samples).toFixed(0), '10723');
  // The paper weighs every sample alike and measures periods in samples.
  const idle = log.samples.map((sample) => new Set([...sample.idle, ...sample.pilots]).size).sort((a, b) => a - b);
  assert.deepEqual([0.25, 0.5, 0.75].map((share) => quantile(idle, share)), [5, 11, 16]);
  assert.equal((idle.reduce((sum, count) => sum + count, 0) / idle.length).toFixed(2), '11.85');
  const even = surfaceOfLog({ ...log, samples: log.samples.map((sample, index) => ({ ...sample, at: index * meanSpacingMs(log.samples) })) });
  const statistics = surfaceStatistics(even);
  assert.equal(statistics.periods.count, 1599);
  assert.deepEqual(statistics.periods.quartiles.map((seconds) => seconds.toFixed(1)), ['53.6', '128.7', '504.0']);
  assert.equal((statistics.idleShare * 100).toFixed(3), '0.518');
  assert.equal(statistics.idleNodes.max, 51);
});
