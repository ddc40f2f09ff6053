import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { daysWindow, localText } from './local-time.ts';
import { TraceError } from './trace-error.ts';

const hours = ({ from, to }: { from: number; to: number }): number => (to - from) / 3_600_000;

describe('daysWindow', () => {
  it('reaches from local midnight to local midnight', () => {
    const window = daysWindow('2022-03-17', 'Europe/Warsaw');
    assert.equal(new Date(window.from).toISOString(), '2022-03-16T23:00:00.000Z');
    assert.equal(new Date(window.to).toISOString(), '2022-03-17T23:00:00.000Z');
    assert.equal(new Date(daysWindow('2022-03-17', 'America/New_York').from).toISOString(), '2022-03-17T04:00:00.000Z');
    assert.equal(new Date(daysWindow('2022-03-17', 'Asia/Kathmandu').from).toISOString(), '2022-03-16T18:15:00.000Z');
  });

  it('has 23 or 25 hours where the clocks change', () => {
    assert.equal(hours(daysWindow('2022-03-27', 'Europe/Warsaw')), 23);
    assert.equal(hours(daysWindow('2022-10-30', 'Europe/Warsaw')), 25);
  });

  it('takes a range with both ends', () => {
    assert.equal(hours(daysWindow('2022-02-21..2022-02-27', 'Europe/Warsaw')), 7 * 24);
  });

  for (const text of ['', 'today', '2022-02-30', '2022-3-1', '2022-03-02..2022-03-01', '2022-03-01..', '2022-03-01..2022-03-02..2022-03-03', '2022-13-01']) {
    it(`refuses "${text}"`, () => {
      assert.throws(() => daysWindow(text, 'UTC'), (error) => error instanceof TraceError && error.code === 'EWINDOW');
    });
  }

  it('refuses a zone that there is not', () => {
    assert.throws(() => daysWindow('2022-03-17', 'Mars/Olympus'), /unknown time zone "Mars\/Olympus"/);
  });
});

it('writes moments as a wall clock shows them', () => {
  assert.equal(localText(Date.UTC(2022, 6, 1, 22, 30), 'Europe/Warsaw'), '2022-07-02 00:30');
});
