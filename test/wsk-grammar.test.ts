/** wsk's grammar, spoken by the real program to the real platform: words in, text, JSON and exit status out. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { strToU8, zipSync } from 'fflate';
import { hpcwhisk, Platform, type CommandResult } from './support/platform.ts';
import { waitUntil } from './support/wait-until.ts';

const HELLO = 'function main({name = "nobody"}) { console.log("hello " + name); return {greeting: "Hello " + name} }';
const UPPER = 'def main(args):\n    return {"greeting": args["greeting"].upper()}\n';
const FAILING = 'function main() { return {error: "oh no"} }';
/** A feed that answers with what it was told, but for the key. */
const FEED = 'function main({lifecycleEvent, triggerName, authKey, refuse}) { if (refuse) return {error: "refused"}; return {lifecycleEvent, triggerName, hasKey: authKey.includes(":")} }';

describe('wsk\'s grammar', () => {
  let platform: Platform;
  let directory: string;
  let env: NodeJS.ProcessEnv;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hpcwhisk-wsk-'));
    platform = await Platform.start();
    // By the address of the platform that judges its answers, not by its state directory.
    env = { WSK_CONFIG_FILE: join(directory, 'wskprops'), HPCWHISK_STATE: platform.state, WHISK_APIHOST: platform.url, WHISK_AUTH: await platform.authKey() };
    await Promise.all(Object.entries({ 'hello.js': HELLO, 'upper.py': UPPER, 'failing.js': FAILING, 'feed.js': FEED }).map(([name, text]) => writeFile(file(name), text)));
    await writeFile(file('packed.zip'), zipSync({ '__main__.py': strToU8('from part import x\ndef main(args):\n    return {"x": x}'), 'part.py': strToU8('x = 42') }));
  });
  after(async () => {
    await platform.dispose();
    await rm(directory, { recursive: true, force: true });
  });

  function file(name: string): string {
    return join(directory, name);
  }

  function wsk(...words: string[]): Promise<CommandResult> {
    return hpcwhisk(words, env);
  }

  /** The standard output of a command that must succeed. */
  async function out(...words: string[]): Promise<string> {
    const { code, stdout, stderr } = await wsk(...words);
    assert.equal(code, 0, `${words.join(' ')}: ${stderr}${stdout}`);
    return stdout;
  }

  async function json<T>(...words: string[]): Promise<T> {
    return JSON.parse(await out(...words)) as T;
  }

  it('creates, invokes, updates, shows and deletes actions of files and zips', async () => {
    assert.equal(await out('action', 'create', 'hello', file('hello.js'), '-p', 'name', 'Slurm', '-a', 'description', 'greets', '-m', '128'), 'ok: created action hello\n');
    assert.equal(await out('action', 'invoke', 'hello', '--result'), '{\n    "greeting": "Hello Slurm"\n}\n');
    assert.deepEqual(await json('action', 'invoke', 'hello', '-r', '--param', 'name', '-1'), { greeting: 'Hello -1' });
    assert.match(await out('action', 'invoke', 'hello'), /^ok: invoked \/_\/hello with id [0-9a-f]{32}\n$/);
    assert.match(await out('action', 'invoke', 'hello', '-b'), /^ok: invoked \/_\/hello with id [0-9a-f]{32}\n\{\n {4}"/);
    const zip = await wsk('action', 'create', 'packed', file('packed.zip'));
    assert.equal(zip.code, 2);
    assert.match(zip.stderr, /^error: Invalid argument\(s\)\. creating an action from a \.zip artifact requires specifying the action kind explicitly\nRun 'hpcwhisk action create --help'/);
    await out('action', 'create', 'packed', file('packed.zip'), '--kind', 'python:default');
    assert.deepEqual(await json('action', 'invoke', 'packed', '-r'), { x: 42 });
    assert.match(await out('action', 'get', 'hello', 'limits'), /^ok: got action hello, displaying field limits\n\{[^}]*"memory": 128/);
    assert.equal(await out('action', 'get', 'hello', '--summary'), 'action /guest/hello: greets\n   (parameters: *name)\n');
    assert.equal(await out('action', 'update', 'hello', '--web', 'true', '--timeout', '5000', '--del-annotation', 'description'), 'ok: updated action hello\n');
    assert.equal(await out('action', 'get', 'hello', '--url'), `ok: got action hello\n${platform.url}/api/v1/web/guest/default/hello\n`);
    assert.equal((await wsk('action', 'invoke', 'hello', '-r', '-p', 'name', 'x')).code, 144, 'parameters of a web action are final');
    await out('action', 'update', 'hello', '--web', 'no');
    assert.match(await out('action', 'get', 'hello', '-r'), /\/api\/v1\/namespaces\/guest\/actions\/hello\n$/);
    assert.equal(await out('action', 'get', 'packed', '--save-as', file('saved.zip')), `ok: saved action code to ${file('saved.zip')}\n`);
    assert.deepEqual(await readFile(file('saved.zip')), await readFile(file('packed.zip')));
    assert.equal(await out('action', 'create', 'copied', 'packed', '--copy'), 'ok: created action copied\n');
    assert.deepEqual(await json('action', 'invoke', 'copied', '-r'), { x: 42 });
    assert.match(await out('action', 'list'), new RegExp(`^actions\n${'/guest/copied'.padEnd(70)} private python:3\n`));
    assert.equal(await out('action', 'delete', 'copied'), 'ok: deleted action copied\n');
  });

  it('ends with wsk\'s exit statuses and says errors as wsk says them', async () => {
    await out('action', 'create', 'failing', file('failing.js'));
    const failed = await wsk('action', 'invoke', 'failing', '-r');
    assert.deepEqual(failed, { code: 246, stdout: '', stderr: '{\n    "error": "oh no"\n}\n' });
    const missing = await wsk('action', 'get', 'missing');
    assert.equal(missing.code, 148);
    assert.match(missing.stderr, /^error: Unable to get action 'missing': The requested resource does not exist\. \(code \w+\)\n$/);
    assert.equal((await wsk('action', 'create', 'failing', file('failing.js'))).code, 153);
    assert.equal((await wsk('namespace', 'list', '--auth', `${await platform.authKey()}x`)).code, 145);
    assert.equal((await wsk('action', 'get')).code, 1);
    assert.equal((await wsk('action', 'get', '--nonsense')).code, 2);
    const elsewhere = await wsk('namespace', 'list', '--apihost', 'http://127.0.0.1:9', '--auth', 'a:b');
    assert.equal(elsewhere.code, 3);
    assert.match(elsewhere.stderr, /^error: Unable to obtain the list of available namespaces: GET http/);
  });

  it('prints nothing but JSON for scripts, or names', async () => {
    const created = await json<{ name: string; exec: { kind: string } }>('-o', 'json', 'action', 'update', 'hello', file('hello.js'));
    assert.deepEqual([created.name, created.exec.kind], ['hello', 'nodejs:24']);
    const listed = await json<{ name: string }[]>('action', 'list', '-o', 'json', '--name-sort');
    assert.ok(listed.some(({ name }) => name === 'hello'));
    assert.ok((await out('action', 'list', '-o', 'name')).split('\n').includes('/guest/hello'));
    const record = await json<{ activationId: string; response: { result: object } }>('action', 'invoke', 'hello', '-b', '-o', 'json');
    assert.deepEqual(record.response.result, { greeting: 'Hello Slurm' });
    const failed = await wsk('action', 'invoke', 'failing', '-r', '-o', 'json');
    assert.equal(failed.code, 246);
    assert.deepEqual(JSON.parse(failed.stdout), { error: 'oh no' });
    const verbose = await hpcwhisk(['namespace', 'list', '-o', 'json', '-v'], { ...env, WHISK_APIHOST: '', WHISK_AUTH: '' });
    assert.deepEqual(JSON.parse(verbose.stdout), ['guest']);
    assert.match(verbose.stderr, /^Using the controller at .*\nREQUEST:\n\[GET\]\thttp/);
    assert.ok(!verbose.stderr.includes((await platform.authKey()).slice(40)) && !verbose.stderr.includes(Buffer.from(await platform.authKey()).toString('base64')), 'keys are not shown');
  });

  it('lists, gets and polls activations', async () => {
    const { activationId: id } = await json<{ activationId: string }>('action', 'invoke', 'hello', '-p', 'name', 'poll', '-b', '-o', 'json');
    await waitUntil('the record is stored', async () => (await wsk('activation', 'get', id)).code === 0);
    const table = await out('activation', 'list', 'hello', '--limit', '5');
    assert.match(table, /^Datetime +Activation ID +Kind +Start +Duration +Status +Entity\n/);
    assert.match(table, new RegExp(`^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d ${id} nodejs:24 (warm|cold) +\\S+ +success +guest/hello:0\\.0\\.\\d+$`, 'm'));
    assert.match(await out('activation', 'get', id), new RegExp(`^ok: got activation ${id}\n\\{`));
    assert.match(await out('activation', 'logs', id), / stdout: hello poll\n$/);
    assert.equal(await out('activation', 'logs', id, '--strip'), 'hello poll\n');
    assert.deepEqual(await json('activation', 'result', id), { greeting: 'Hello poll' });
    assert.match(await out('activation', 'get', id, 'duration'), /displaying field duration\n\d+\n$/);
    const last = await json<{ activationId: string }>('activation', 'get', '--last', '-o', 'json');
    assert.match(last.activationId, /^[0-9a-f]{32}$/);
    const polled = await out('activation', 'poll', '--since-hours', '1', '--exit', '1');
    assert.ok(polled.startsWith('Enter Ctrl-c to exit.\nPolling for activation logs\n'), polled);
    assert.ok(polled.includes(`\nActivation: 'hello' (${id})\n[\n    "`), polled);
    assert.equal((await wsk('activation', 'get')).code, 1);
    const tooMany = await wsk('activation', 'logs', id, '--last');
    assert.deepEqual([tooMany.code, tooMany.stderr.split('\n')[0]], [1, `error: Invalid argument(s): ${id}. An activation ID is required.`]);
  });

  it('works with packages, bindings, and actions in them', async () => {
    assert.equal(await out('package', 'create', 'tools', '-p', 'name', 'package', '--shared', 'yes'), 'ok: created package tools\n');
    assert.equal(await out('action', 'create', 'tools/hello', file('hello.js')), 'ok: created action tools/hello\n');
    assert.deepEqual(await json('action', 'invoke', 'tools/hello', '-r'), { greeting: 'Hello package' });
    assert.equal(await out('package', 'bind', '/_/tools', 'mine', '-p', 'name', 'binding'), 'ok: created binding mine\n');
    assert.deepEqual(await json('action', 'invoke', 'mine/hello', '-r'), { greeting: 'Hello binding' });
    assert.match(await out('package', 'list'), new RegExp(`^packages\n(.*\n)*${'/guest/tools'.padEnd(70)} shared\n`));
    assert.match(await out('action', 'list', 'tools'), /^actions\n\/guest\/tools\/hello +private nodejs:24\n$/);
    assert.match(await out('package', 'get', 'tools', '--summary'), /^package \/guest\/tools: Returns a result based on parameter name\n {3}\(parameters: \*name\)\n action \/guest\/tools\/hello/);
    const full = await wsk('package', 'delete', 'tools');
    assert.equal(full.code, 153);
    assert.match(full.stderr, /^error: Unable to delete package 'tools': Package not empty/);
    assert.equal(await out('package', 'delete', 'mine'), 'ok: deleted package mine\n');
    assert.equal(await out('package', 'delete', 'tools', '--recursive'), 'ok: deleted package tools\n');
    assert.equal((await wsk('package', 'create', 'p', '--shared', 'maybe')).code, 1);
  });

  it('makes sequences', async () => {
    await out('action', 'create', 'upper', file('upper.py'));
    assert.equal(await out('action', 'create', 'loud', '--sequence', 'hello,/_/upper'), 'ok: created action loud\n');
    assert.deepEqual(await json('action', 'invoke', 'loud', '-r', '-p', 'name', 'you'), { greeting: 'HELLO YOU' });
  });

  it('fires triggers through rules', async () => {
    assert.equal(await out('trigger', 'create', 'morning', '-p', 'name', 'trigger'), 'ok: created trigger morning\n');
    assert.equal(await out('trigger', 'fire', 'morning'), 'trigger /_/morning did not fire as it is not associated with an active rule\n');
    assert.equal(await out('rule', 'create', 'greet', 'morning', 'hello'), 'ok: created rule greet\n');
    assert.match(await out('rule', 'list'), new RegExp(`^rules\n${'/guest/greet'.padEnd(70)} ${'private'.padEnd(20)} active\n$`));
    assert.match(await out('trigger', 'fire', 'morning', '{"name": "fired"}'), /^ok: triggered \/_\/morning with id [0-9a-f]{32}\n$/);
    const fired = (await out('trigger', 'fire', 'morning')).trim().split(' ').at(-1) ?? '';
    await waitUntil('the activation of the trigger is stored', async () => (await wsk('activation', 'get', fired)).code === 0);
    const record = await json<{ end: number; duration: number; statusCode: number }>('activation', 'get', fired, '-o', 'json');
    assert.deepEqual([record.end, record.duration, record.statusCode], [0, 0, 0], 'what has no end');
    const feedless = await wsk('trigger', 'update', 'morning', '-F', 'a', 'b');
    assert.deepEqual([feedless.code, feedless.stderr], [1, "error: Unable to configure feed 'morning': this trigger does not contain a feed\n"]);
    assert.equal((await wsk('trigger', 'update', 'morning', '-F', 'a', 'b', '-p', 'c', 'd')).code, 149);
    await waitUntil('the rule has run its action', async () =>
      (await json<{ response: { result: unknown } }[]>('activation', 'list', 'hello', '--full', '-o', 'json')).some(({ response }) => JSON.stringify(response.result) === '{"greeting":"Hello fired"}'));
    assert.equal(await out('rule', 'disable', 'greet'), 'ok: disabled rule greet\n');
    assert.equal(await out('rule', 'status', 'greet'), 'ok: rule greet is inactive\n');
    assert.equal(await out('rule', 'enable', 'greet'), 'ok: enabled rule greet\n');
    assert.equal(await out('rule', 'get', 'greet', '-s'), 'rule /guest/greet\n   (status: active)\n');
    const listed = await out('list');
    for (const part of ['Entities in namespace: default\npackages\n', '\nactions\n', '\ntriggers\n/guest/morning', '\nrules\n/guest/greet']) assert.ok(listed.includes(part), listed);
    assert.equal(await out('rule', 'update', 'greet', 'morning', '/_/upper'), 'ok: updated rule greet\n');
    assert.equal(await out('rule', 'delete', 'greet', '--disable'), 'ok: deleted rule greet\n');
    assert.equal(await out('trigger', 'delete', 'morning'), 'ok: deleted trigger morning\n');
  });

  it('tells a feed what happens to its trigger', async () => {
    await out('action', 'create', 'feed', file('feed.js'));
    const created = await out('trigger', 'create', 'fed', '--feed', 'feed', '-p', 'interval', '5');
    assert.match(created, /^ok: invoked \/_\/feed with id [0-9a-f]{32}\n/);
    assert.match(created, /"lifecycleEvent": "CREATE",\n +"triggerName": "\/_\/fed",\n +"hasKey": true/);
    assert.match(created, /\nok: created trigger fed\n$/);
    const [listed] = await json<{ annotations: object[] }[]>('-o', 'json', 'trigger', 'list');
    assert.deepEqual(listed?.annotations, [{ key: 'feed', value: '/_/feed' }]);
    assert.match(await out('trigger', 'get', 'fed'), /"lifecycleEvent": "READ"/);
    assert.match(await out('trigger', 'update', 'fed', '-p', 'interval', '6'), /"lifecycleEvent": "UPDATE"(.|\n)*ok: updated trigger fed\n$/);
    const refused = await wsk('trigger', 'create', 'refused', '-f', 'feed', '-p', 'refuse', 'true');
    assert.equal(refused.code, 246);
    assert.match(refused.stderr, /^error: Unable to create trigger 'refused': Unable to configure feed '\/_\/feed': refused\n$/);
    assert.equal((await wsk('trigger', 'get', 'refused')).code, 148, 'a trigger that its feed refused does not stay');
    assert.match(await out('trigger', 'delete', 'fed'), /"lifecycleEvent": "DELETE"(.|\n)*ok: deleted trigger fed\n$/);
  });

  it('has alarms fire a trigger', async () => {
    const created = await out('trigger', 'create', 'tick', '--feed', '/whisk.system/alarms/alarm', '-p', 'cron', '* * * * * *', '-p', 'trigger_payload', '{"name": "alarm"}');
    assert.match(created, /^ok: invoked \/whisk\.system\/alarms\/alarm with id (.|\n)*ok: created trigger tick\n$/);
    await out('rule', 'create', 'on-tick', 'tick', 'hello');
    await waitUntil('the alarm has run the action', async () =>
      (await json<{ response: { result: unknown } }[]>('activation', 'list', 'hello', '--full', '-o', 'json')).some(({ response }) => JSON.stringify(response.result) === '{"greeting":"Hello alarm"}'));
    await out('rule', 'delete', 'on-tick');
    assert.match(await out('trigger', 'delete', 'tick'), /ok: deleted trigger tick\n$/);
  });

  it('puts actions behind an API', async () => {
    const refused = await wsk('api', 'create', '/demo', '/greet', 'get', 'hello');
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /^error: Action '\/_\/hello' is not a web action\. Issue 'hpcwhisk action update "\/_\/hello" --web true'/);
    await out('action', 'create', 'webhello', file('hello.js'), '--web', 'true');
    const missing = await wsk('api', 'create', '--config-file', file('none.json'));
    assert.deepEqual([missing.code, missing.stderr.includes(`Error reading swagger file '${file('none.json')}'`)], [1, true]);
    assert.equal((await wsk('api', 'create', '/demo/{x}', '/y', 'get', 'webhello')).code, 1);
    const url = `${platform.url}/api/guest/demo/greet`;
    assert.equal(await out('api', 'create', '/demo', '/greet', 'get', 'webhello', '--apiname', 'Demo'), `ok: created API /demo/greet GET for action /_/webhello\n${url}\n`);
    assert.deepEqual(await fetch(`${url}?name=gateway`).then((response) => response.json()), { greeting: 'Hello gateway' });
    assert.equal(await out('api', 'create', '/demo', '/by/{name}', 'get', 'webhello', '--response-type', 'http').then((text) => text.split('\n')[0]), 'ok: created API /demo/by/{name} GET for action /_/webhello');
    assert.match((await wsk('api', 'create', '/demo', '/by/{name}', 'get', 'webhello')).stderr, /A response type of 'http' is required/);
    assert.match(await out('api', 'list', '/demo'), /^ok: APIs\nAction +Verb +API Name {2}URL\n\/guest\/webhello +get +Demo {2}http/);
    assert.match(await out('api', 'list', '--full'), /^ok: APIs\nAction: \/guest\/webhello\n {2}API Name: Demo\n {2}Base path: \/demo\n {2}Path: \/greet\n {2}Verb: get\n {2}URL: http/);
    const document = await json<{ basePath: string; info: { title: string } }>('api', 'get', 'Demo');
    assert.deepEqual([document.basePath, document.info.title], ['/demo', 'Demo']);
    await writeFile(file('api.yaml'), await out('api', 'get', '/demo', '--format', 'yaml'));
    assert.equal(await out('api', 'delete', '/demo', '/greet', 'get'), 'ok: deleted /greet GET from /demo\n');
    assert.equal(await out('api', 'delete', '/demo'), 'ok: deleted API /demo\n');
    assert.equal((await wsk('api', 'get', '/demo')).stderr, 'error: API does not exist for basepath /demo\n');
    assert.match(await out('api', 'create', '--config-file', file('api.yaml')), /^ok: created API \/demo\/greet get for action \/guest\/webhello\n/);
    assert.equal((await fetch(url)).status, 200);
    await out('api', 'delete', 'Demo');
  });

  it('keeps properties, and takes them over the local controller', async () => {
    const own = { WSK_CONFIG_FILE: file('other-props'), HPCWHISK_STATE: file('no-state') };
    assert.match((await hpcwhisk(['namespace', 'list'], own)).stderr, /^error: The API host is not valid: An API host must be provided\.\n$/);
    const set = await hpcwhisk(['property', 'set', '--apihost', platform.url, '--auth', await platform.authKey()], own);
    assert.equal(set.stdout, `ok: whisk auth set. Run 'hpcwhisk property get --auth' to see the new value.\nok: whisk API host set to ${platform.url}\n`);
    assert.equal((await hpcwhisk(['namespace', 'list'], own)).stdout, 'namespaces\nguest\n');
    assert.equal((await hpcwhisk(['property', 'get', '--apihost', '-o', 'raw'], own)).stdout, `${platform.url}\n`);
    assert.match((await hpcwhisk(['property', 'get'], own)).stdout, /^whisk API version\tv1\nwhisk namespace\t\t_\nwhisk CLI version\t\S+\nwhisk API build\t\t\S+/m);
    assert.equal((await hpcwhisk(['property', 'set', '--namespace', 'guest'], own)).stdout, 'ok: whisk namespace set to guest\n');
    assert.match((await hpcwhisk(['action', 'invoke', 'hello'], own)).stdout, /^ok: invoked \/guest\/hello with id/);
    assert.match((await hpcwhisk(['property', 'set', '--namespace', 'stranger'], own)).stderr, /^error: Namespace 'stranger' is not in the list of entitled namespaces\n$/);
    assert.equal((await hpcwhisk(['property', 'unset', '--namespace', '--auth'], own)).stdout, 'ok: whisk auth unset.\nok: whisk namespace unset; the default value of _ will be used.\n');
    assert.equal((await hpcwhisk(['namespace', 'list'], own)).code, 2);
  });

  it('deploys a manifest and takes it away again', async () => {
    const manifest = file('manifest.yaml');
    await writeFile(manifest, `
project:
  name: demo
  packages:
    demo:
      inputs: {name: "\${WHO}"}
      actions:
        hello: {function: hello.js, web: yes, limits: {memorySize: 128}}
        upper: {function: upper.py}
      sequences: {loud: {actions: "hello, upper"}}
      triggers: {dawn: {inputs: {name: dawn}}, fed: {feed: feed, inputs: {interval: 1}}}
      rules: {at-dawn: {trigger: dawn, action: loud}}
`);
    const deploy = (...words: string[]): Promise<CommandResult> => hpcwhisk(['project', ...words], { ...env, WHO: 'manifest' });
    assert.equal((await deploy('deploy', manifest, '--preview')).stdout, 'package demo\naction demo/hello\naction demo/upper\nsequence demo/loud\ntrigger dawn\ntrigger fed\nrule at-dawn\n');
    assert.equal((await wsk('package', 'get', 'demo')).code, 148, 'a preview makes nothing');
    for (const round of ['first', 'again']) {
      const deployed = await deploy('deploy', '--manifest', manifest);
      assert.equal(deployed.code, 0, `${round}: ${deployed.stderr}`);
      assert.match(deployed.stdout, /^ok: deployed package demo\n(.*\n)*Success: Deployment completed successfully\.\n$/);
    }
    assert.deepEqual(await json('action', 'invoke', 'demo/loud', '-r'), { greeting: 'HELLO MANIFEST' });
    assert.deepEqual(await json('action', 'invoke', 'demo/hello', '-r'), { greeting: 'Hello manifest' });
    assert.equal((await deploy('undeploy', manifest)).code, 0);
    assert.equal((await wsk('package', 'get', 'demo')).code, 148);
    assert.match((await deploy('undeploy', manifest)).stdout, /^ok: rule at-dawn is not there\n/);
    await writeFile(manifest, 'packages: {p: {dependencies: {d: {location: github.com/apache/openwhisk-catalog}}}}');
    assert.match((await deploy('deploy', manifest)).stderr, /^error: package 'p', dependency 'd': the location .* is not a package of this platform/);
  });

  it('answers to the name of wsk', async () => {
    await symlink(fileURLToPath(new URL('../bin/hpcwhisk', import.meta.url)), file('wsk'));
    const { stdout } = await promisify(execFile)(file('wsk'), ['action', 'get', 'hello', '--url'], { env: { ...process.env, ...env } });
    assert.match(stdout, /^ok: got action hello\nhttp.*\/api\/v1\/namespaces\/guest\/actions\/hello\n$/);
  });

  it('explains itself', async () => {
    assert.match(await out('action', '--help'), /Available Commands:\n {2}create /);
    assert.match(await out('trigger', 'create', '-h'), /--feed ACTION_NAME/);
    assert.match(await out('--help'), /With wsk's grammar(.|\n)* {2}action +work with actions/);
    const script = await out('completion', 'bash');
    for (const word of ['activation', 'invoke', '--sequence', 'status']) assert.ok(script.includes(word), word);
    assert.match((await wsk('action', 'destroy')).stderr, /^error: unknown command "destroy" for "hpcwhisk action"/);
  });
});
