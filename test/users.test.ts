/** Subjects, keys and limits as an administrator handles them, on a platform that runs and on one that does not. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import openwhisk from 'openwhisk';
import { hpcwhisk, Platform, type CommandResult } from './support/platform.ts';

const AUTH = /^[0-9a-f-]{36}:[A-Za-z0-9]{64}\n$/;

describe('hpcwhisk user', () => {
  let platform: Platform;

  before(async () => {
    platform = await Platform.start();
    await platform.invokers(1);
  });
  after(async () => { await platform.dispose(); });

  const user = (...args: string[]): Promise<CommandResult> => hpcwhisk(['user', ...args, '--state', platform.state]);
  const issued = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await user(...args);
    assert.equal(code, 0, stderr);
    assert.match(stdout, AUTH);
    return stdout.trim();
  };
  const namespacesOf = async (auth: string): Promise<unknown> => {
    const response = await fetch(`${platform.url}/api/v1/namespaces`, { headers: { authorization: `Basic ${Buffer.from(auth).toString('base64')}` } });
    return response.status === 200 ? response.json() : response.status;
  };

  it('creates, rotates, blocks and deletes while the controller runs, with effect at once', async () => {
    const first = await issued('create', 'alice');
    assert.deepEqual(await namespacesOf(first), ['alice']);
    const lab = await issued('create', 'alice', '--namespace', 'lab');
    assert.deepEqual(await namespacesOf(lab), ['lab']);
    const second = await issued('rotate-key', 'alice', '--keep');
    assert.deepEqual([await namespacesOf(first), await namespacesOf(second)], [['alice'], ['alice']]);
    const third = await issued('rotate-key', 'alice');
    assert.deepEqual([await namespacesOf(first), await namespacesOf(second), await namespacesOf(third)], [401, 401, ['alice']]);
    assert.equal((await user('block', 'alice')).code, 0);
    assert.deepEqual([await namespacesOf(third), await namespacesOf(lab)], [401, 401]);
    assert.equal((await user('unblock', 'alice')).code, 0);
    assert.equal((await user('delete', 'alice', '--namespace', 'lab')).code, 0);
    assert.deepEqual([await namespacesOf(third), await namespacesOf(lab)], [['alice'], 401]);
    assert.equal((await user('delete', 'alice')).code, 0);
    assert.equal(await namespacesOf(third), 401);
  });

  it('keeps namespaces apart, and gives actions a key of the namespace that runs them', async () => {
    const whisk = openwhisk({ apihost: platform.url, api_key: await issued('create', 'bobby') });
    await whisk.actions.create({ name: 'secret', action: 'function main() { return {} }' });
    const guest = await platform.client();
    await assert.rejects(guest.actions.get({ name: '/bobby/secret' }), { statusCode: 403 });
    await whisk.actions.create({
      name: 'who', annotations: { 'provide-api-key': true, 'web-export': true },
      action: 'function main() { return { namespace: process.env.__OW_NAMESPACE, key: process.env.__OW_API_KEY } }',
    });
    const answer = await fetch(`${platform.url}/api/v1/web/bobby/default/who.json`);
    assert.equal(answer.status, 200);
    const { namespace, key } = await answer.json() as { namespace: string; key: string };
    assert.equal(namespace, 'bobby');
    assert.deepEqual(await namespacesOf(key), ['bobby'], 'nobody sent a key, and yet the action has one that works');
    assert.equal((await user('rotate-key', 'bobby')).code, 0);
    assert.equal(await namespacesOf(key), 401, 'and it ends with the key of the namespace');
  });

  it('gives a namespace limits of its own', async () => {
    const auth = await issued('create', 'carol');
    const whisk = openwhisk({ apihost: platform.url, api_key: auth });
    assert.match((await user('limits', 'carol', 'invocationsPerMinute=0', 'maxActionMemory=1024')).stdout, /^maxActionMemory +1024 {2}\(its own\)$/m);
    await whisk.actions.create({ name: 'big', action: 'function main() { return {} }', limits: { memory: 1024 } });
    await assert.rejects(whisk.actions.invoke({ name: 'big' }), { statusCode: 429 });
    const { limits, set } = JSON.parse((await user('limits', 'carol', 'invocationsPerMinute=default', '--json')).stdout) as { limits: { invocationsPerMinute: number }; set: object };
    assert.equal(limits.invocationsPerMinute, 2_147_483_647);
    assert.deepEqual(set, { maxActionMemory: 1024 });
    assert.equal(typeof (await whisk.actions.invoke({ name: 'big' })).activationId, 'string');
  });

  it('says in one line what is wrong', async () => {
    const refused: [args: string[], code: number, text: RegExp][] = [
      [['block', 'nobody'], 1, /^hpcwhisk: ENOENT: there is no subject nobody\n$/],
      [['create', 'guest'], 1, /^hpcwhisk: EEXISTS: guest has the namespace guest already; .*\n$/],
      [['create', 'x'], 64, /^hpcwhisk: EUSAGE: .*\n$/],
      [['create', 'david', '--auth', 'secret'], 64, /^hpcwhisk: EAUTH: .*\n$/],
      [['limits', 'guest', 'invocationsPerMinute'], 64, /^hpcwhisk: EUSAGE: a limit is set as name=value.*\n$/],
      [['limits', 'guest', 'invocationsPerMinute=many'], 64, /^hpcwhisk: EUSAGE: the limit invocationsPerMinute must be a whole number.*\n$/],
    ];
    for (const [args, code, text] of refused) {
      const result = await user(...args);
      assert.equal(result.code, code, args.join(' '));
      assert.match(result.stderr, text);
    }
    const nowhere = await hpcwhisk(['user', 'list', '--state', join(platform.state, 'nowhere')]);
    assert.equal(nowhere.code, 69);
    assert.match(nowhere.stderr, /^hpcwhisk: ENOSTORE: there is no store at .*\n$/);
    const response = await fetch(`${platform.url}/admin/accounts`, { method: 'POST', body: '{"command":"list"}', headers: { 'content-type': 'application/json', authorization: 'Bearer wrong' } });
    assert.equal(response.status, 401);
  });

  it('does the same while no controller runs, and what was done holds at the next start', async () => {
    const before = await platform.authKey();
    await platform.interrupt();
    const auth = await issued('create', 'erika');
    const rotated = await issued('rotate-key', 'guest');
    assert.equal((await readFile(join(platform.state, 'auth'), 'utf8')).trim(), rotated, 'the key of guest lies in its file');
    assert.match((await user('list')).stdout, /^erika\n {2}namespace erika .* 1 key$/m);
    assert.equal((await user('block', 'bobby')).code, 0);
    await platform.start();
    assert.deepEqual([await namespacesOf(auth), await namespacesOf(rotated), await namespacesOf(before)], [['erika'], ['guest'], 401]);
    assert.match((await user('get', 'bobby')).stdout, /^bobby {2}\(blocked\)$/m);
  });

  it('takes the platform\'s limits from a file, and refuses one that makes no sense', async () => {
    await platform.interrupt();
    const file = join(platform.state, 'limits.yaml');
    await writeFile(file, 'invocationsPerMinute: 1\nmaxActionMemory: 2048\nmaxPayloadBytes: 2 MB\n');
    const limited = await Platform.start(['--limits', file], {}, platform.state);
    try {
      const limits = await (await limited.request('GET', '/api/v1/namespaces/_/limits')).json() as Record<string, unknown>;
      assert.deepEqual([limits['invocationsPerMinute'], limits['concurrentInvocations'], limits['maxActionMemory'], limits['maxPayloadSize']], [1, 30, 2048, '2 MB']);
    } finally {
      await limited.interrupt();
    }
    await writeFile(file, 'invocationsPerMinute: -1\n');
    const refused = await hpcwhisk(['up', '--limits', file, '--state', platform.state]);
    assert.equal(refused.code, 64);
    assert.match(refused.stderr, /^hpcwhisk: ELIMITS: the limits in .*limits\.yaml cannot be used: the limit invocationsPerMinute must be .*\n$/);
  });
});
