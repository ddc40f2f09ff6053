import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { comparePage } from './render/compare-page.ts';
import { comparedSections, measuresOf, namesOf } from './render/side-by-side.ts';
import { tableTwo } from './render/table-two.ts';
import type { ReplayReport } from './replay-report.ts';
import { sampleReport } from './sample-report.test-data.ts';
import { writeReport } from './write-report.ts';

const reports = [sampleReport(10, 16, 'fib', 9000), sampleReport(10, 16, 'dense', 4000), sampleReport(10, 16, 'adaptive', 1000)];

describe('replays side by side', () => {
  it('are named by their policies', () => {
    assert.deepEqual(namesOf(reports), ['fib', 'dense', 'adaptive']);
    assert.deepEqual(namesOf([...reports, sampleReport(1, 4, 'fib')]), ['fib', 'dense', 'adaptive', 'fib (2)']);
  });

  it('have every line of Table II, each run in its column', () => {
    const rows = comparedSections(reports).flatMap((section) => section.rows);
    reports.forEach((report, column) => {
      assert.deepEqual(rows.map((row) => [row.label, row.fib, row.var, row.runs[column]]), tableTwo(report).flatMap((section) => section.rows.map((row) => [row.label, row.fib, row.var, row.run])));
    });
  });

  it('keep their lines apart where one run could not measure something', () => {
    const { looks, failed, skipped, squeue } = sampleReport(1, 4).burden;
    const poor: ReplayReport = { ...sampleReport(1, 4), burden: { looks, failed, skipped, squeue } };
    const rows = comparedSections([poor, ...reports]).flatMap((section) => section.rows);
    assert.deepEqual(rows.find(({ label }) => label === 'Processor time')?.runs, ['', '1.30 %', '1.30 %', '1.30 %']);
    assert.equal(measuresOf([poor, ...reports]).find(({ label }) => label === 'slurmctld')?.cells[0]?.text, '–');
  });

  it('show the best of what can be told apart', () => {
    const measure = (label: string): readonly { text: string; best: boolean }[] => measuresOf(reports).find((each) => each.label === label)?.cells ?? [];
    assert.deepEqual(measure('Coverage ready').map(({ best }) => best), [false, false, true]);
    assert.deepEqual(measure('Accepted calls lost').map(({ text, best }) => [text, best]), [['0', false], ['0', false], ['0', false]]);
    const added = reports[0]?.primeJobs.started;
    assert.equal(measure('Prime jobs: delay by pilots, median')[0]?.text, `+${((added?.mainLoop.preempting.p50 ?? NaN) - (added?.mainLoop.without.p50 ?? NaN)).toFixed(2)} s (${added?.mainLoop.preempting.count ?? ''} / ${added?.mainLoop.without.count ?? ''})`);
    assert.equal(measure('Prime jobs: hand-over, median')[0]?.text, '0.09 s');
    // The higher is not better of what a prime job has to wait.
    const delays = measure('Prime jobs: delay by pilots, median').map(({ text }) => Number.parseFloat(text.replace('−', '-')));
    assert.deepEqual(measure('Prime jobs: delay by pilots, median').map(({ best }) => best), delays.map((delay) => delay === Math.min(...delays)));
  });

  it('make a page that stands alone, with a harvest of each and three pictures of all', () => {
    const html = comparePage(reports);
    assert.equal(/(?:src|href)=|url\(|@import|<script/.test(html), false);
    assert.equal(/NaN|undefined|Infinity/.test(html), false);
    assert.equal(html.match(/<svg /g)?.length, 3 + 3 * 6);
    assert.equal(html.match(/<details>/g)?.length, 3);
    for (const name of namesOf(reports)) assert.ok(html.includes(`<h2>Circumstances: ${name}</h2>`), name);
    assert.ok(html.includes('<td class="best">'));
    assert.doesNotMatch(html, /could not keep up/);
    assert.match(comparePage(reports.map((report) => ({ ...report, burden: { ...report.burden, looks: 80, skipped: 20 } }))), /60 of 300 looks were left out/);
  });

  it('can be drawn where nothing happened', () => {
    const [some] = reports;
    assert.ok(some);
    const none = { count: 0, p50: 0, p75: 0, p95: 0, max: 0 };
    const nothing: ReplayReport = {
      ...some, coverage: { ...some.coverage, points: [] },
      primeJobs: { withPilots: { ...none, values: [] }, preempting: { ...none, values: [] }, neverStarted: 0, lateness: none, started: { mainLoop: { preempting: none, without: none }, backfill: { preempting: none, without: none, cycles: { preempting: none, without: none } } }, handOver: { ...none, values: [] } },
    };
    assert.equal(/NaN|undefined|Infinity/.test(comparePage([nothing, nothing])), false);
  });

  it('are written as an array, and one alone as itself', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'replay-compare-'));
    try {
      const several = await writeReport(reports, directory);
      assert.deepEqual((JSON.parse(await readFile(several.json, 'utf8')) as ReplayReport[]).map(({ version, setup }) => [version, setup.policy]), [[1, 'fib'], [1, 'dense'], [1, 'adaptive']]);
      const one = await writeReport(reports.slice(0, 1), directory);
      assert.equal((JSON.parse(await readFile(one.json, 'utf8')) as ReplayReport).setup.policy, 'fib');
      assert.ok((await readFile(one.html, 'utf8')).includes('This run'));
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
