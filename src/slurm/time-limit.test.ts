import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { SlurmError } from './slurm.ts';
import { parseTimeLimit } from './time-limit.ts';

describe('time limits', () => {
  const table: [string, number | null][] = [
    ['90', 90], ['2:00', 2], ['0:30', 1], ['1:30:00', 90], ['1:00:01', 61], ['1-00:00:00', 1440], ['1-02:03:04', 1564], ['2-03', 3060], ['2-03:04', 3064],
    ['UNLIMITED', null], ['INFINITE', null], ['NOT_SET', null], ['Partition_Limit', null],
  ];
  for (const [text, minutes] of table) it(`${text} is ${minutes ?? 'none'}`, () => { assert.equal(parseTimeLimit(text), minutes); });

  for (const text of ['', 'INVALID', '1:2:3:4', '-5', '1-', 'ten', '1.5']) {
    it(`"${text}" is none`, () => { assert.throws(() => parseTimeLimit(text), (error) => error instanceof SlurmError && error.message.includes(`"${text}"`)); });
  }

  it('reads what squeue prints for any whole minutes', () => {
    fc.assert(fc.property(fc.nat(200 * 1440), (minutes) => {
      const two = (number: number) => String(number).padStart(2, '0');
      const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60];
      const text = days > 0 ? `${days}-${two(hours)}:${two(rest)}:00` : hours > 0 ? `${hours}:${two(rest)}:00` : `${rest}:00`;
      assert.equal(parseTimeLimit(text), minutes);
    }));
  });
});
