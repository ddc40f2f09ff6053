/** `hpcwhisk up --floor 0` on the local cluster: no pilots while nobody calls, pilots when somebody does; and what `hpcwhisk pilots explain` says of it. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { hpcwhisk, Platform } from './support/platform.ts';
import { waitUntil } from './support/wait-until.ts';

describe('hpcwhisk pilots explain', () => {
  let platform: Platform;

  before(async () => { platform = await Platform.start(['--floor', '0', '--nodes', '3']); });
  after(async () => { await platform.dispose(); });

  const explained = async (): Promise<string[]> => {
    const { code, stdout, stderr } = await hpcwhisk(['pilots', 'explain', '--state', platform.state]);
    assert.equal(code, 0, stderr);
    return stdout.trim().split('\n');
  };

  it('says that nobody calls, and after a call why it keeps what it keeps', async () => {
    const before = await explained();
    assert.match(before[0] ?? '', /^0 pilots pending, 0 running, \d of 3 nodes idle \(policy adaptive\)\.$/);
    assert.equal(before.at(-1), 'There is no invoker, because nobody calls and the floor is 0: the first call brings pilots.');
    assert.ok(before.includes('It keeps nothing pending, because the invokers that run are enough for the calls.'), before.join('\n'));

    const created = await platform.request('PUT', '/api/v1/namespaces/_/actions/hello?overwrite=true', { exec: { kind: 'nodejs:default', code: 'function main() { return {hello: 1} }' } });
    assert.equal(created.status, 200, await created.text());
    const answer = await platform.request('POST', '/api/v1/namespaces/_/actions/hello?blocking=true&result=true', {});
    assert.deepEqual(await answer.json(), { hello: 1 });
    const later = await waitUntil('an explanation of what runs', async () => {
      const sentences = await explained();
      return sentences.some((sentence) => sentence.startsWith('There is no invoker')) ? undefined : sentences;
    });
    for (const sentence of later) assert.match(sentence, /^[A-Z0-9].*\.$/);
    assert.ok(later.some((sentence) => /^The calls want \d+ invokers? \(never fewer than the floor of 0\)/.test(sentence)), later.join('\n'));
    const json = JSON.parse((await hpcwhisk(['pilots', 'explain', '--json', '--state', platform.state])).stdout) as { policy: string; noInvoker: unknown };
    assert.deepEqual([json.policy, json.noInvoker], ['adaptive', null]);
  });
});
