import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bomb, tarGz, zip } from './testing/archives.ts';
import { runtime } from './testing/running-runtime.ts';

describe('archives', { timeout: 60_000 }, () => {
  it('bounds what is unpacked', async () => {
    const started = await runtime('nodejs:24');
    const reply = await started.init({ code: bomb(300 * 1024 * 1024, 2), binary: true });
    assert.equal(reply.status, 502);
    assert.match(JSON.stringify(reply.body), /too large/);
  });

  it('makes links that stay inside, and no others', async () => {
    const link = { os: 3, attrs: 0o120777 << 16 >>> 0 };
    const inside = await runtime('nodejs:24');
    const good = zip({ 'index.js': 'exports.main = () => ({text: require("fs").readFileSync("l", "utf8")})', real: 'R', l: ['real', link] });
    assert.equal((await inside.init({ code: good, binary: true })).status, 200);
    assert.deepEqual(await inside.run({}), { status: 200, body: { text: 'R' } });
    const outside = await runtime('nodejs:24');
    assert.equal((await outside.init({ code: zip({ 'index.js': '', l: ['../../etc/passwd', link] }), binary: true })).status, 502);
  });

  for (const format of ['gnu', 'ustar'] as const) {
    it(`reads long names, links and modes of a tar.gz (${format})`, async () => {
      const long = `${'deep/'.repeat(30)}file.js`;
      const code = tarGz([
        { name: 'index.js', text: `const fs = require("fs"); exports.main = () => ({long: require("./${long}"), link: fs.readFileSync("l", "utf8"), mode: fs.statSync("run").mode & 0o111})` },
        { name: long, text: 'module.exports = 1', format }, { name: 'real', text: 'R' }, { name: 'l', type: '2', linkTo: 'real' }, { name: 'run', mode: 0o755 },
      ]);
      const started = await runtime('nodejs:24');
      assert.equal((await started.init({ code, binary: true })).status, 200, started.stderr);
      assert.deepEqual(await started.run({}), { status: 200, body: { long: 1, link: 'R', mode: 0o111 } });
    });
  }

  for (const kind of ['nodejs:24', 'python:3']) {
    const main = kind.startsWith('node') ? 'index.js' : '__main__.py';
    const bad: [string, string][] = [
      ['a name outside', tarGz([{ name: main }, { name: '../evil', text: 'x' }])],
      ['an absolute name', tarGz([{ name: main }, { name: '/tmp/evil', text: 'x' }])],
      ['a link outside', tarGz([{ name: main }, { name: 'l', type: '2', linkTo: '../../etc/passwd' }])],
      ['what is cut off', Buffer.from(tarGz([{ name: main, text: 'x'.repeat(5000) }]), 'base64').subarray(0, 40).toString('base64')],
    ];
    for (const [what, code] of bad) {
      it(`${kind} takes no tar.gz with ${what}`, async () => {
        const started = await runtime(kind);
        assert.equal((await started.init({ code, binary: true })).status, 502);
        assert.match(started.stderr, /outside|damaged/);
      });
    }
  }
});
