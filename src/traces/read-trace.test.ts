import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { readTrace, type Trace } from './read-trace.ts';
import { TraceError } from './trace-error.ts';
import type { Workload } from './workload.ts';

const read = (...texts: string[]): Trace => readTrace(texts.map((text, index) => ({ name: `file${index + 1}`, content: Buffer.from(text) })), 'Europe/Warsaw');

function workloadOf(trace: Trace): Workload {
  assert.ok(trace.format !== 'node-log');
  return trace.workload;
}

const SACCT = [
  'JobID|Submit|Start|End|TimelimitRaw|Elapsed|NNodes|AllocCPUS|State|NodeList|Partition',
  '17|2022-03-17T08:00:00|2022-03-17T08:10:00|2022-03-17T09:00:00|60|00:50:00|2|48|COMPLETED|p[0001-0002]|plgrid',
  '17.batch|2022-03-17T08:10:00|2022-03-17T08:10:00|2022-03-17T09:00:00||00:50:00|1|24|COMPLETED|p0001|',
  '18_3|2022-03-17T08:00:00|2022-03-17T08:30:00|Unknown|UNLIMITED|01:00:00|1|24|RUNNING|p0003|plgrid',
  '19|2022-03-17T08:00:00|None|2022-03-17T08:05:00|1440|00:00:00|4|0|CANCELLED by 1001|None assigned|plgrid',
  '',
].join('\n');

describe('a dump of sacct', () => {
  it('gives jobs without their steps', () => {
    const { jobs, steps } = workloadOf(read(SACCT));
    assert.equal(steps, 1);
    const at = (text: string): number => Date.parse(`2022-03-17T${text}+01:00`);
    assert.deepEqual(jobs, [
      { id: '17', submitted: at('08:00:00'), started: at('08:10:00'), ended: at('09:00:00'), runSeconds: 3000, limitSeconds: 3600, nodes: 2, processors: 48, nodeList: ['p0001', 'p0002'], state: 'COMPLETED', partition: 'plgrid' },
      { id: '18_3', submitted: at('08:00:00'), started: at('08:30:00'), limitSeconds: null, nodes: 1, processors: 24, nodeList: ['p0003'], state: 'RUNNING', partition: 'plgrid' },
      { id: '19', submitted: at('08:00:00'), ended: at('08:05:00'), limitSeconds: 86_400, nodes: 4, processors: 0, state: 'CANCELLED', partition: 'plgrid' },
    ]);
  });

  it('may hold other fields, in any order, and limits as they are printed', () => {
    const { jobs } = workloadOf(read('State|JobName%30|Timelimit|JobID|ElapsedRaw\nTIMEOUT|x|1-02:30:00|5|95400\nFAILED|y|00:01:30|6|3\nPENDING|z|Partition_Limit|7|0\n'));
    assert.deepEqual(jobs.map(({ id, limitSeconds, runSeconds }) => [id, limitSeconds, runSeconds]), [['5', 95_400, 95_400], ['6', 90, 3], ['7', undefined, undefined]]);
  });

  it('may hold epoch seconds', () => {
    assert.equal(workloadOf(read('JobID|Start|End\n1|1647471604|1647471664\n')).jobs[0]?.runSeconds, 60);
  });

  it('may end in the middle of a line', () => {
    const { jobs, torn } = workloadOf(read(SACCT.slice(0, SACCT.indexOf('CANCELLED'))));
    assert.deepEqual([jobs.length, torn], [2, 1]);
  });

  const bad: [string, string, RegExp][] = [
    ['JobID|Start\n1|2022-03-17T08:00:00|x\n2|2022-03-17T08:00:00\n', 'ETRACEFORMAT', /file1: line 2: 3 fields where the first line names 2/],
    ['JobID|Start\n1|yesterday\n', 'ETRACEFORMAT', /"yesterday" in the field start is no time/],
    ['JobID|NNodes\n1|2K\n', 'ETRACEFORMAT', /"2K" in the field nnodes is no number/],
    ['JobID|NodeList\n1|p[3-1]\n', 'ETRACEFORMAT', /line 2: not a host list/],
    ['JobID|Start\n', 'ETRACEEMPTY', /no job/],
  ];
  for (const [text, code, message] of bad) {
    it(`is refused: ${JSON.stringify(text)}`, () => {
      assert.throws(() => read(text), (error) => error instanceof TraceError && error.code === code && message.test(error.message));
    });
  }

  it('in several files counts a job that is in two of them once', () => {
    assert.equal(workloadOf(read(SACCT, SACCT)).jobs.length, 3);
  });
});

const SWF = [
  '; Version: 2.2', '; UnixStartTime: 1000000000', '; TimeZoneString: Europe/Berlin', '; MaxNodes: 4', ';  MaxProcs: 16 (two of them special)',
  '1 0 10 100 4 -1 -1 4 600 -1 1 1 1 -1 1 -1 -1 -1',
  '  2 5 -1 -1 -1 -1 -1 8 300 -1 5 1 1 -1 1 -1 -1 -1',
  '3 6 0 50 -1 -1 -1 2 60 -1 0 1 1 -1 1 -1 -1 -1',
  '4 6 0 50 -1 -1 -1 2 60 -1 2 1 1 -1 1 -1 -1 -1', '',
].join('\n');

describe('the Standard Workload Format', () => {
  it('gives jobs and what the header says of the cluster', () => {
    const { jobs, ...rest } = workloadOf(read(SWF));
    assert.deepEqual(rest, { steps: 1, torn: 0, timeZone: 'Europe/Berlin', nodeCount: 4, processors: 16 });
    const begin = 1_000_000_000_000;
    assert.deepEqual(jobs, [
      { id: '3', submitted: begin + 6000, started: begin + 6000, ended: begin + 56_000, runSeconds: 50, limitSeconds: 60, processors: 2, state: 'FAILED' },
      { id: '1', submitted: begin, started: begin + 10_000, ended: begin + 110_000, runSeconds: 100, limitSeconds: 600, processors: 4, state: 'COMPLETED' },
      { id: '2', submitted: begin + 5000, limitSeconds: 300, processors: 8, state: 'CANCELLED' },
    ]);
  });

  it('is known by its numbers where it has no header, gzipped too', () => {
    const trace = readTrace([{ name: 'x.swf.gz', content: gzipSync('1 0 10 100 4 -1 -1 4 600 -1 1 1 1 -1 1 -1 -1 -1\n') }], 'UTC');
    assert.equal(workloadOf(trace).jobs.length, 1);
  });

  it('may end in the middle of a line, and nowhere else', () => {
    assert.equal(workloadOf(read(SWF.slice(0, SWF.indexOf('50 -1')))).torn, 1);
    assert.throws(() => read(SWF.replace('10 100', '10 x')), /file1: line 6: a line of the Standard Workload Format has 18 numbers/);
    assert.throws(() => read('; nothing\n'), (error) => error instanceof TraceError && error.code === 'ETRACEEMPTY');
  });
});

const sample = (at: number, ...lines: string[]): string => [String(at), ...lines, '----', ''].join('\n');
const T = 1_600_000_000;

describe('node logs', () => {
  it('of several files are one log, in whatever order they are named', () => {
    const trace = read(sample(T + 20, 'invokers: p0001'), sample(T) + sample(T + 10));
    assert.ok(trace.format === 'node-log');
    assert.deepEqual(trace.log.samples.map(({ at }) => at / 1000 - T), [0, 10, 20]);
  });

  it('that overlap are refused', () => {
    assert.throws(() => read(sample(T) + sample(T + 20), sample(T + 10)), /file2: line 1: the time does not move forward/);
  });

  it('do not mix with dumps of jobs', () => {
    assert.throws(() => read(sample(T), SACCT), /file1 is a node log and file2 a dump of sacct/);
  });
});

describe('anything else', () => {
  for (const [text, code] of [['', 'ETRACEEMPTY'], ['\n \n', 'ETRACEEMPTY'], ['hello\n', 'ETRACEFORMAT'], ['{"jobs": []}', 'ETRACEFORMAT'], ['1 2 3\n', 'ETRACEFORMAT']] as const) {
    it(`is refused: ${JSON.stringify(text)}`, () => {
      assert.throws(() => read(text), (error) => error instanceof TraceError && error.code === code && error.message.startsWith('file1: '));
    });
  }
});
