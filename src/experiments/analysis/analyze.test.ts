import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { readTrace } from '../../traces/read-trace.ts';
import { realDay, withoutRealDay } from '../../traces/real-day.test-data.ts';
import { TraceError } from '../../traces/trace-error.ts';
import { analyze, type AnalysisRequest } from './analyze.ts';
import type { Analysis } from './analysis.ts';
import { analysisPage } from './render/page.ts';
import { tableOf, tableText } from './render/table.ts';

function analysisOf(text: string | Uint8Array, request: Partial<AnalysisRequest> = {}): Analysis {
  const timeZone = request.timeZone ?? 'UTC';
  const content = typeof text === 'string' ? Buffer.from(text) : text;
  return analyze(readTrace([{ name: 'log', content }], timeZone), { files: ['log'], timeZone, ...request });
}

const T = Date.UTC(2024, 0, 1) / 1000;
const node = (name: string): string => `p up 1:00 1 idle ${name}`;
/** Ten samples ten seconds apart of a cluster of five nodes. */
const LOG = [
  [node('n1')], [node('n1'), node('n4')], [node('n4')], [], [], [node('n1')], [], ['invokers: n1,n2'], ['invokers: n2'], [],
].map((lines, index) => [T + 10 * index, ...lines, '----', ''].join('\n')).join('');

describe('analyze, of a node log', () => {
  const { summary } = analysisOf(LOG);

  it('counts each sample alike', () => {
    const { idle } = summary;
    assert.ok(idle !== undefined);
    assert.equal(idle.total, 5);
    assert.equal(idle.totalFrom, 'names');
    // 1, 2, 1, 0, 0, 1, 0, 2, 1, 0
    assert.deepEqual(idle.atATime, { quartiles: [0, 1, 1], mean: 0.8, max: 2, noneShare: 0.4 });
    assert.equal(idle.nodeSeconds, 80);
    assert.equal(idle.share, 0.16);
  });

  it('tells periods of single nodes, stretches without any, and what pilots held', () => {
    const { idle } = summary;
    assert.deepEqual(idle?.periods, {
      count: 5, quartiles: [10, 20, 20], mean: 16, max: 20,
      timeShareBelowMinutes: { 1: 1, 2: 1, 3: 1, 5: 1, 10: 1, 30: 1, 60: 1 },
    });
    assert.deepEqual(idle.withoutAny, { count: 3, quartiles: [10, 10, 15], mean: 40 / 3, max: 20 });
    assert.equal(idle.pilots?.coverage, 3 / 8);
    assert.equal(idle.pilots.atATime.noneShare, 0.8);
    assert.equal(summary.jobs, undefined);
  });

  it('takes the number of nodes from whoever knows it', () => {
    assert.equal(analysisOf(LOG, { nodes: 100 }).summary.idle?.share, 0.008);
  });

  it('knows nothing of a hole', () => {
    const sample = (at: number, ...lines: string[]): string => [T + at, ...lines, '----', ''].join('\n');
    const { source, idle } = analysisOf(sample(0, node('n1')) + sample(10) + sample(1000) + sample(1010, node('n1'))).summary;
    assert.deepEqual([source.holes, source.spacingSeconds, idle?.withoutAny.count, idle?.periods?.count], [1, 10, 2, 2]);
  });

  it('takes the days asked for', () => {
    const before = [T - 10, node('n1'), '----', ''].join('\n');
    assert.equal(analysisOf(before + LOG, { days: '2024-01-01' }).summary.source.samples, 10);
    assert.equal(analysisOf(before + LOG, { days: '2023-12-31..2024-01-01' }).summary.source.samples, 11);
    assert.throws(() => analysisOf(LOG, { days: '2024-01-02' }), (error) => error instanceof TraceError && error.code === 'EWINDOW'
      && error.message === 'the log has nothing of 2024-01-02: it reaches from 2024-01-01 00:00 to 2024-01-01 00:01 (UTC)');
  });

  it('finds the published figures of 17 March 2022', { skip: withoutRealDay }, () => {
    const { source, idle } = analysisOf(readFileSync(realDay().nodeLog), { days: '2022-03-17', timeZone: 'Europe/Warsaw' }).summary;
    assert.equal(source.samples, 8057);
    assert.ok(idle?.periods !== undefined && idle.pilots !== undefined);
    assert.equal((idle.share * 100).toFixed(3), '0.518');
    assert.deepEqual([idle.total, idle.atATime.quartiles, idle.atATime.mean.toFixed(2)], [2288, [5, 11, 16], '11.85']);
    assert.deepEqual([idle.periods.count, idle.periods.quartiles.map((value) => value.toFixed(1))], [1599, ['53.6', '128.7', '504.0']]);
    assert.deepEqual([(idle.pilots.coverage * 100).toFixed(2), idle.pilots.atATime.quartiles, idle.pilots.atATime.mean.toFixed(2), (idle.pilots.atATime.noneShare * 100).toFixed(2)],
      ['89.97', [4, 10, 14], '10.66', '1.39']);
  });
});

describe('analyze, of jobs', () => {
  const HEAD = 'JobID|Submit|Start|End|TimelimitRaw|State|NNodes|NodeList';
  const SACCT = [
    HEAD,
    '1|2024-01-01T00:00:00|2024-01-01T00:00:00|2024-01-01T00:10:00|20|COMPLETED|2|n[1-2]',
    '2|2024-01-01T00:01:00|2024-01-01T00:12:00|2024-01-01T00:20:00|8|TIMEOUT|1|n1',
    '3|2024-01-01T00:01:00|2024-01-01T00:10:00|2024-01-01T00:20:00|60|COMPLETED|1|n2', '',
  ].join('\n');

  it('finds run times, limits, slack and waits', () => {
    const { jobs } = analysisOf(SACCT).summary;
    assert.ok(jobs !== undefined);
    assert.deepEqual([jobs.count, jobs.ran, jobs.byState], [3, 3, { COMPLETED: 2, TIMEOUT: 1 }]);
    assert.deepEqual(jobs.runTime?.quartiles, [540, 600, 600]);
    assert.deepEqual(jobs.limit, { count: 3, quartiles: [840, 1200, 2400], mean: 1760, max: 3600, unlimited: 0 });
    assert.deepEqual(jobs.slack?.quartiles, [300, 600, 1800]);
    assert.deepEqual(jobs.wait?.quartiles, [270, 540, 600]);
  });

  it('reckons what no job held, node by node', () => {
    const { idle } = analysisOf(SACCT).summary;
    assert.deepEqual([idle?.total, idle?.nodeSeconds, idle?.periods?.count, idle?.periods?.max], [2, 120, 1, 120]);
    assert.equal(analysisOf(SACCT, { nodes: 3 }).summary.idle?.periods?.max, 1200);
  });

  it('reckons with processors where the log knows no nodes', () => {
    const job = (id: number, start: number, run: number, procs: number): string => `${id} ${start} 0 ${run} ${procs} -1 -1 ${procs} 600 -1 1 1 1 -1 1 -1 -1 -1\n`;
    const jobs = job(1, 0, 100, 4) + job(2, 0, 50, 3);
    const processors = analysisOf(`; MaxProcs: 8\n${jobs}`).summary.idle;
    assert.deepEqual([processors?.unit, processors?.total, processors?.atATime.mean, processors?.periods], ['processors', 8, 2.5, undefined]);
    const nodes = analysisOf(`; MaxProcs: 8\n; MaxNodes: 4\n${jobs}`).summary.idle;
    assert.deepEqual([nodes?.unit, nodes?.total, nodes?.atATime.mean, nodes?.atATime.noneShare], ['nodes', 4, 1, 0.5]);
    assert.equal(analysisOf(jobs).summary.idle?.totalFrom, 'use');
  });

  it('counts jobs on the day on which they ended', () => {
    const { jobs, idle } = analysisOf(`${SACCT}4|2024-01-01T23:00:00|2024-01-01T23:00:00|2024-01-02T01:00:00|240|COMPLETED|1|n1\n`, { days: '2024-01-02' }).summary;
    assert.deepEqual([jobs?.count, idle?.nodeSeconds], [1, 23 * 3600]);
  });

  it('finds the pilots of 17 March 2022', { skip: withoutRealDay }, () => {
    const { jobs, idle } = analysisOf(readFileSync(realDay().pilotJobs), { timeZone: 'Europe/Warsaw' }).summary;
    assert.deepEqual([jobs?.ran, jobs?.byState['PREEMPTED'], idle], [694, 484, undefined]);
  });
});

describe('what analyze shows', () => {
  it('is a table that names every figure', () => {
    const text = tableText(tableOf(analysisOf(LOG).summary));
    assert.match(text, /^ {2}Idle share +16\.000 %; 0\.02222 node-hours$/m);
    assert.match(text, /^ {2}Stretches without any: number; median; longest +3; 10 s; 20 s$/m);
    assert.match(text, /^ {2}Coverage +37\.50 % of the idle node time$/m);
  });

  it('is a page that stands alone, well-formed, with its plots', () => {
    const page = analysisPage(analyze(readTrace([{ name: 'a', content: Buffer.from(LOG) }], 'UTC'), { files: ['<script>.log'], timeZone: 'UTC' }));
    assert.equal(page.match(/<svg/g)?.length, 4);
    assert.doesNotMatch(page, /<script|src=|href=|https?:|NaN|undefined/);
    const open: string[] = [];
    for (const [, slash, name = '', own] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)(?:"[^"]*"|[^>"])*?(\/?)>/gi)) {
      if (own === '/' || ['meta', 'br'].includes(name)) continue;
      if (slash === '/') assert.equal(open.pop(), name);
      else open.push(name);
    }
    assert.deepEqual(open, []);
  });

  it('is a page of a log with nothing in it, too', () => {
    for (const text of [[T, '----', ''].join('\n'), 'JobID|State\n1|PENDING\n']) {
      assert.doesNotMatch(analysisPage(analysisOf(text)), /NaN|undefined|Infinity/);
    }
  });
});
