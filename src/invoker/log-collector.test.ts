import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { VirtualClock } from '../clock/virtual-clock.ts';
import { LOG_SENTINEL, LOG_TEXTS, LogCollector, formatLine } from './log-collector.ts';

const START = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

function collector(): { logs: LogCollector; stdout: PassThrough; stderr: PassThrough; clock: VirtualClock } {
  const [stdout, stderr, clock] = [new PassThrough(), new PassThrough(), new VirtualClock(START)];
  return { logs: new LogCollector(stdout, stderr, clock), stdout, stderr, clock };
}
const texts = (lines: string[]): string[] => lines.map((line) => line.slice(31));
const turn = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });

describe('log collector', () => {
  it('formats lines as OpenWhisk does', () => {
    assert.equal(formatLine(START, 'stdout', 'text '), '2026-01-02T03:04:05.678Z       stdout: text');
  });

  it('gives the lines of one activation up to its sentinels', async () => {
    const { logs, stdout, stderr } = collector();
    logs.begin(1000);
    stdout.write(`one\ntwo without an end${LOG_SENTINEL}\n`);
    stderr.write(`err\n${LOG_SENTINEL}\nbetween\n`);
    await logs.settled(1000);
    assert.ok(logs.sentinels);
    assert.deepEqual(texts(logs.take([])).sort(), ['stderr: between', 'stderr: err', 'stdout: one', 'stdout: two without an end']);
    logs.begin(1000);
    assert.equal(logs.complete, false);
    stdout.write(`${LOG_SENTINEL}\n`);
    stderr.write(`${LOG_SENTINEL}\n`);
    await logs.settled(1000);
    assert.deepEqual(logs.take([]), []);
  });

  it('cuts at the limit and says so, but still sees the sentinel', async () => {
    const { logs, stdout, stderr } = collector();
    logs.begin(10);
    stdout.write(`12345\n678901234\nmore\n${LOG_SENTINEL}\n`);
    stderr.write(`${LOG_SENTINEL}\n`);
    await logs.settled(1000);
    assert.deepEqual(texts(logs.take([])), ['stdout: 12345', 'stdout: 6789', `stderr: ${LOG_TEXTS.truncated(10)}`]);
  });

  it('gives up after the wait, and takes the beginnings of lines, too', async () => {
    const { logs, stdout, clock } = collector();
    logs.begin(1000);
    stdout.write('half a li');
    await turn();
    const settled = logs.settled(2000);
    clock.advance(2000);
    await settled;
    assert.ok(!logs.complete);
    assert.deepEqual(texts(logs.take(['a notice'])), ['stdout: half a li', 'stderr: a notice']);
  });

  it('waits no longer than the streams last', async () => {
    const { logs, stdout, stderr } = collector();
    logs.begin(1000);
    stdout.end('last words');
    stderr.destroy();
    await logs.settled(1_000_000);
    assert.ok(!logs.sentinels);
    assert.deepEqual(texts(logs.take([])), ['stdout: last words']);
  });

  it('finds lines and sentinel however the output is cut', async () => {
    const text = Buffer.from(`ä\n\nlong ${'x'.repeat(50)}\nno end${LOG_SENTINEL}\n`);
    await fc.assert(fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 30 })), async (sizes) => {
      const { logs, stdout, stderr } = collector();
      logs.begin(10_000);
      stderr.write(`${LOG_SENTINEL}\n`);
      let at = 0;
      for (const size of [...sizes, text.length]) {
        if (at < text.length) stdout.write(text.subarray(at, at + size));
        at += size;
        await turn();
      }
      await logs.settled(1000);
      assert.deepEqual(texts(logs.take([])), ['stdout: ä', 'stdout: ', `stdout: long ${'x'.repeat(50)}`, 'stdout: no end']);
    }), { numRuns: 50 });
  });

  it('is bounded for a line without an end', async () => {
    const { logs, stdout, stderr } = collector();
    logs.begin(100_000);
    for (let at = 0; at < 20; at++) stdout.write('z'.repeat(10_000));
    await turn();
    stdout.write(`\n${LOG_SENTINEL}\n`);
    stderr.write(`${LOG_SENTINEL}\n`);
    await logs.settled(1000);
    const lines = logs.take([]);
    assert.ok(lines.join('').length < 110_000);
    assert.match(lines.at(-1) ?? '', /Logs were truncated/);
  });
});
