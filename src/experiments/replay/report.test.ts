import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { reportPage } from './render/page.ts';
import { linearAxis, logAxis } from '../render/svg.ts';
import { tableTwo } from './render/table-two.ts';
import { duration, milliseconds, percent } from '../render/units.ts';
import type { ReplayReport } from './replay-report.ts';
import { sampleReport } from './sample-report.test-data.ts';
import { writeReport } from './write-report.ts';

/** Every tag that is opened is closed, in order. */
function checkNesting(html: string): void {
  const open: string[] = [];
  for (const match of html.replace(/<style>[^]*?<\/style>/g, '').matchAll(/<(\/?)([a-z0-9]+)[^>]*?(\/?)>/gi)) {
    const [, closing, name = '', empty] = match;
    if (empty === '/' || ['meta', 'br'].includes(name)) continue;
    if (closing === '') open.push(name);
    else assert.equal(open.pop(), name, `</${name}> closes something else near ${html.slice(match.index - 80, match.index + 20)}`);
  }
  assert.deepEqual(open, []);
}

describe('reportPage', () => {
  const report = sampleReport(10);
  const html = reportPage(report);

  it('is well-formed and stands alone', () => {
    checkNesting(html);
    assert.equal(/(?:src|href)=|url\(|@import|<script/.test(html), false);
    assert.equal(/NaN|undefined|Infinity/.test(html), false);
  });

  it('draws all six pictures and escapes what it did not write itself', () => {
    assert.equal(html.match(/<svg /g)?.length, 6);
    assert.ok(html.includes('none &#60;at all&#62;') && html.includes('timed out &#60;once&#62;'));
  });

  it('can be drawn of a replay in which nothing happened', () => {
    const empty: ReplayReport = {
      ...report,
      coverage: { ...report.coverage, points: [] },
      invokers: { count: 0, startup: none, served: { quartiles: [0, 0, 0], mean: 0 } },
      calls: {
        ...report.calls, sent: 0, outcomes: { 'succeeded': 0, 'timed-out': 0, 'failed': 0, 'rejected': 0 }, perMinute: [], perTenSeconds: [],
        distribution: report.calls.distribution.map(() => 0), accepted: { count: 0, p50: 0, p75: 0, p90: 0, p95: 0, p99: 0, max: 0, mean: 0 },
      },
      primeJobs: { withPilots: { ...none, values: [] }, preempting: { ...none, values: [] }, neverStarted: 0, lateness: none },
    };
    const page = reportPage(empty);
    checkNesting(page);
    assert.equal(/NaN|undefined|Infinity/.test(page), false);
  });
});

const none = { count: 0, p50: 0, p75: 0, p95: 0, max: 0 };

describe('tableTwo', () => {
  const report = sampleReport(10);
  const rows = new Map(tableTwo(report).flatMap((section) => section.rows.map((row) => [row.label, row])));

  it('sets the run beside the paper', () => {
    const ready = rows.get('Coverage ready');
    assert.deepEqual([ready?.fib, ready?.var, ready?.run], ['87.68 %', '67.21 %', percent(report.coverage.ready)]);
    assert.equal(rows.get('Accepted')?.fib, '95.29 %');
    assert.equal(rows.get('Response time, p50 / p75 / p90')?.fib, '0.865 / 1.68 / 60 s');
    assert.equal(rows.get('Lost; recorded twice')?.run, `0; 0 of ${report.calls.audit.checked.toLocaleString('en-US')}`);
  });

  it('defines every figure', () => {
    for (const { label, definition } of rows.values()) assert.ok(definition.endsWith('.'), `${label} is not defined`);
  });
});

describe('units', () => {
  it('keeps a share that is not quite all apart from all', () => {
    assert.deepEqual([0, 0.5, 0.99999, 0.999, 1].map(percent), ['0 %', '50.00 %', '99.9990 %', '99.90 %', '100 %']);
  });

  it('chooses readable units', () => {
    assert.deepEqual([0.5, 12.345, 999, 1234, 60_000].map(milliseconds), ['0.5 ms', '12.3 ms', '999 ms', '1.23 s', '60 s']);
    assert.deepEqual([5, 119, 420].map(duration), ['5 s', '119 s', '7 min']);
  });
});

describe('axes', () => {
  it('end at a round number above the highest value', () => {
    assert.deepEqual(linearAxis(23, '').ticks.map(({ at }) => at), [0, 5, 10, 15, 20, 25]);
    assert.deepEqual(linearAxis(3, '', true).ticks.map(({ label }) => label), ['0', '1', '2', '3']);
    assert.deepEqual(linearAxis(0.7, '').ticks.map(({ label }) => label), ['0', '0.2', '0.4', '0.6', '0.8']);
    assert.deepEqual(logAxis(13, 900, '', String).ticks.map(({ at }) => at), [10, 100, 1000]);
  });
});

it('writeReport leaves a report that can be read back', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'replay-report-'));
  try {
    const report = sampleReport(2);
    const paths = await writeReport([report], path.join(directory, 'new', 'report'));
    assert.deepEqual(JSON.parse(await readFile(paths.json, 'utf8')), JSON.parse(JSON.stringify(report)));
    assert.ok((await readFile(paths.html, 'utf8')).startsWith('<!doctype html>'));
  } finally {
    await rm(directory, { recursive: true });
  }
});

describe('the report in a browser', () => {
  it('draws every figure, asks nobody for anything and complains of nothing', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'hpcwhisk-report-'));
    try {
      const { html } = await writeReport([sampleReport(10)], directory);
      const { stdout, stderr } = await promisify(execFile)('chromium', [
        '--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
        `--user-data-dir=${path.join(directory, 'profile')}`, '--enable-logging=stderr', '--dump-dom', `file://${html}`,
      ], { timeout: 120_000, maxBuffer: 64 << 20 });
      assert.ok((stdout.match(/<svg/g) ?? []).length >= 6, 'a figure is missing');
      assert.match(stdout, /Table II/);
      // The browser's own complaints aside, the page's would stand behind CONSOLE.
      assert.doesNotMatch(stderr, /CONSOLE/);
      assert.doesNotMatch(stdout, /(src|href)="https?:/);
    } finally {
      await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    }
  });
});
