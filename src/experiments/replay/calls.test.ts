import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { auditCalls, binCalls, type Call, type CallOutcome, countOutcomes, outcomeOf, responseTimes } from './calls.ts';

const call = (due: number, outcome: CallOutcome, responseMs = 10, activationId?: string, status = 200): Call =>
  ({ due, outcome, responseMs, status, ...(activationId === undefined ? {} : { activationId }) });

describe('outcomeOf', () => {
  const cases: [number, boolean, number, CallOutcome][] = [
    [200, true, 5, 'succeeded'], [200, false, 5, 'failed'], [200, true, 60_001, 'timed-out'], [202, false, 60_000, 'timed-out'],
    [503, false, 5, 'rejected'], [502, false, 5, 'failed'], [400, false, 5, 'failed'], [0, false, 5, 'failed'],
  ];
  for (const [status, right, responseMs, outcome] of cases) {
    it(`${status}${right ? ' with the right answer' : ''} after ${responseMs} ms has ${outcome}`, () => {
      assert.equal(outcomeOf({ status, right, responseMs }, 60_000), outcome);
    });
  }
});

it('responseTimes gives percentiles', () => {
  const times = responseTimes(Array.from({ length: 101 }, (_, index) => 100 - index));
  assert.deepEqual(times, { count: 101, p50: 50, p75: 75, p90: 90, p95: 95, p99: 99, max: 100, mean: 50 });
  assert.deepEqual(responseTimes([]), { count: 0, p50: 0, p75: 0, p90: 0, p95: 0, p99: 0, max: 0, mean: 0 });
});

it('binCalls sorts calls into the time in which they were due', () => {
  const calls = [call(0, 'succeeded', 10), call(59_999, 'rejected', 1), call(60_000, 'failed', 30), call(61_000, 'timed-out', 60_000)];
  const bins = binCalls(calls, 180, 60);
  assert.deepEqual(bins.map(({ at, succeeded, rejected, failed }) => [at, succeeded, rejected, failed]), [[0, 1, 1, 0], [60, 0, 0, 1], [120, 0, 0, 0]]);
  assert.equal(bins[0]?.p50, 10);
  assert.equal(bins[1]?.max, 60_000);
  assert.deepEqual(countOutcomes(calls), { 'succeeded': 1, 'rejected': 1, 'failed': 1, 'timed-out': 1 });
});

describe('auditCalls', () => {
  it('finds accepted calls without a record and with two', () => {
    const calls = [call(0, 'succeeded', 1, 'a'), call(1, 'timed-out', 1, 'b', 202), call(2, 'failed', 1, 'c', 502), call(3, 'succeeded', 1)];
    assert.deepEqual(auditCalls(calls, ['a', 'c', 'c', 'other', 'other']), { checked: 4, lost: 2, duplicated: 1 });
  });

  it('asks nothing of calls that were not accepted or never answered', () => {
    assert.deepEqual(auditCalls([call(0, 'rejected', 1, undefined, 503), call(1, 'failed', 1, undefined, 0)], []), { checked: 0, lost: 0, duplicated: 0 });
  });
});
