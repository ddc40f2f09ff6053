import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseSchedulerParameters } from '../../src/simulator/scheduler-parameters.ts';
import { chooseCells, policyOfCell, QUICK_CELLS } from './cells.ts';
import { delaysOf, type Findings } from './findings.ts';
import { backfillPhase, runModel } from './model-run.ts';
import { livesOf } from './pilot-lives.ts';
import { validationText } from './validation-text.ts';
import { validationWindow } from './validation-window.ts';

const options = { minutes: 12, nodes: 16, seed: 3, nodeLog: undefined };

describe('a window for validation', () => {
  it('has periods that do not touch on a node, half of them planned, never before their end', () => {
    const { periods, nodes, length } = validationWindow(options);
    assert.ok(periods.length > 3 * nodes.length, `only ${periods.length} periods`);
    const planned = periods.filter(({ planMinutes }) => planMinutes !== null).length / periods.length;
    assert.ok(planned > 0.3 && planned < 0.7, `planned ${planned}`);
    const freeFrom = new Map<string, number>();
    for (const { node, start, end, planMinutes } of periods) {
      assert.ok(start >= (freeFrom.get(node) ?? 10_000) && end > start && end <= length, `${node} ${start} ${end}`);
      assert.ok(planMinutes === null || (start + planMinutes * 60_000 >= end && planMinutes <= 9), `${planMinutes ?? ''}`);
      freeFrom.set(node, end + 20_000);
    }
  });

  it('is the same for the same seed', () => {
    assert.deepEqual(validationWindow(options), validationWindow(options));
    assert.notDeepEqual(validationWindow({ ...options, seed: 4 }), validationWindow(options));
  });
});

describe('chooseCells', () => {
  it('takes names and parts of names', () => {
    assert.equal(chooseCells('').length, 21);
    assert.deepEqual(chooseCells('fib:paper').map(({ name }) => name), ['fib:paper:pending', 'fib:paper:free']);
    assert.deepEqual(chooseCells('single:paper').map(({ noReserve }) => noReserve), [false]);
    assert.equal(chooseCells('paper,fib:paper:free').length, 7);
    assert.equal(chooseCells(QUICK_CELLS).length, 4);
    for (const cell of chooseCells('')) {
      assert.equal(policyOfCell(cell).name, cell.policy);
      assert.equal(parseSchedulerParameters(cell.parameters).bf_interval, cell.name.includes('fast') ? 5 : cell.name.includes('paper') ? 120 : 30);
    }
  });

  it('refuses what is none', () => { assert.throws(() => chooseCells('fib:nope'), RangeError); });
});

describe('livesOf', () => {
  const second = Date.parse('2026-01-02T03:04:05');
  const line = (id: number, state: string, end: string): string => `JobId=${id} UserId=a(1) Name=p JobState=${state} Partition=whisk TimeLimit=2 StartTime=2026-01-02T03:04:00 EndTime=${end} NodeList=n1`;

  it('joins the first lines of pilots with Slurm\'s log', () => {
    const started = [`7 n1 ${second} 2`, `8 n2 ${second} 2`, `9 n3 ${second} 90`, ''].join('\n');
    const jobs = [line(7, 'PREEMPTED', '2026-01-02T03:04:35'), line(8, 'COMPLETED', '2026-01-02T03:06:06'), line(1, 'CANCELLED', '2026-01-02T03:04:06')].join('\n');
    assert.deepEqual(livesOf(started, jobs, second + 600_000).map(({ id, node, state, end }) => [id, node, state, end - second]), [
      ['7', 'n1', 'PREEMPTED', 30_999], ['8', 'n2', 'COMPLETED', 120_000], ['9', 'n3', 'RUNNING', 600_000],
    ]);
  });
});

describe('the model of a cell', () => {
  it('takes from the pilots when the cycles fell, also round the end of one', () => {
    const [slow] = chooseCells('fib:paper:pending');
    const [fast] = chooseCells('fib:fast:pending');
    assert.ok(slow !== undefined && fast !== undefined);
    const lives = [119_000, 240_500, 360_900].map((start) => ({ id: '1', node: 'n1', start, end: start + 1000, limitMinutes: 2, state: 'PREEMPTED' }));
    const phase = backfillPhase(slow, { begin: 0, lives }) ?? 0;
    assert.ok(Math.min(phase, 1 - phase) < 0.01, `phase ${phase}`);
    assert.equal(backfillPhase(fast, { begin: 0, lives }), undefined);
  });

  it('knows the planned starts, and tells real from model in a table', async () => {
    const window = validationWindow({ ...options, nodes: 4 });
    const [cell] = chooseCells('single:fast:pending');
    assert.ok(cell !== undefined);
    const begin = 1_700_000_000_000;
    const plans = new Map(window.periods.flatMap((period) => period.planMinutes === null ? [] : [[period, [{ at: begin + period.start, plannedAt: begin + period.start + period.planMinutes * 60_000 }]] as const]));
    const planned = await runModel(cell, window, { begin, plans, lives: [] });
    const unplanned = await runModel(cell, window, { begin, plans: new Map(), lives: [] });
    // A 90-minute pilot fits no planned period.
    assert.ok(planned.findings.coverage < unplanned.findings.coverage - 0.1, `${planned.findings.coverage} ${unplanned.findings.coverage}`);
    assert.ok(unplanned.findings.coverage > 0.9 && unplanned.deviation < 0.05);
    const real: Findings = { ...planned.findings, coverage: planned.findings.coverage + 0.05, preempting: delaysOf([1, 2, 3]), others: delaysOf([]) };
    const text = validationText({
      setup: { source: 'x', minutes: 12, nodes: 4, parallel: 1, seed: 3, periods: 1, planned: 1, idleNodeSeconds: 1, began: '', seconds: 1 },
      cells: [{ cell, real, model: planned.findings, deviation: planned.deviation, beside: [], arrivals: 3, neverStarted: 0, lateP95Ms: 2, errors: [] }], failed: [{ cell: 'y', error: 'z' }],
    });
    assert.match(text, /single:fast:pending.*-5\.0 !.*2\.00 \(2\.90\), 3/);
    assert.match(text, /y could not be run: z/);
  });
});
