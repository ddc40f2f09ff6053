/** Executables behind the native runtime: dockerskeleton's way and ActionLoop's. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { tarGz, zip } from './testing/archives.ts';
import { runtime, SENTINEL } from './testing/running-runtime.ts';
import type { InitValue, Reply } from './testing/running-runtime.ts';

const NATIVE = 'blackbox/openwhisk/dockerskeleton';
const DEVELOPER = (error: string): Reply => ({ status: 502, body: { error } });
const NO_RESULT = DEVELOPER('The action did not return a dictionary or array.');
const OK: Reply = { status: 200, body: { ok: true } };

interface Case { name: string; init: Partial<InitValue>; initReply?: Reply; args?: unknown; runReply?: Reply; stdout?: string; stderr?: string }

const SKELETON: Case[] = [
  { name: 'a script gets its arguments as the first one', init: { code: '#!/bin/sh\necho "log line"\necho "warning" >&2\necho "$1"\n' }, args: { n: 1 }, runReply: { status: 200, body: { n: 1 } }, stdout: `log line\n${SENTINEL}`, stderr: `warning\n${SENTINEL}` },
  { name: 'and on its standard input', init: { code: '#!/bin/sh\nread -r line || true\nprintf %s "$line"\n' }, args: { text: 'a b' }, runReply: { status: 200, body: { text: 'a b' } } },
  { name: 'a result without a line break', init: { code: '#!/bin/sh\nprintf \'{"a": 1}\'\n' }, runReply: { status: 200, body: { a: 1 } }, stdout: SENTINEL },
  { name: 'an array', init: { code: '#!/bin/sh\necho \'["a", "b"]\'\n' }, runReply: { status: 200, body: ['a', 'b'] } },
  { name: 'an application error', init: { code: '#!/bin/sh\necho \'{"error": "sorry"}\'\n' }, runReply: { status: 200, body: { error: 'sorry' } } },
  { name: 'text beyond ASCII', init: { code: '#!/usr/bin/python3\nimport json, sys\nprint(json.dumps({"winter": json.loads(sys.argv[1])["d"] + " ☃"}, ensure_ascii=False))\n' }, args: { d: 'ä' }, runReply: { status: 200, body: { winter: 'ä ☃' } } },
  { name: 'a last line that is no JSON', init: { code: '#!/bin/sh\necho one\necho not a json object\n' }, runReply: NO_RESULT, stdout: `one\nnot a json object\n${SENTINEL}` },
  { name: 'a number', init: { code: '#!/bin/sh\necho 5\n' }, runReply: NO_RESULT },
  { name: 'nothing printed', init: { code: '#!/bin/sh\nexit 3\n' }, runReply: NO_RESULT },
  { name: 'what cannot be executed', init: { code: '#!/no/such/shell\n' }, runReply: NO_RESULT },
  { name: 'a zip with exec and what it needs', init: { code: zip({ exec: '#!/bin/sh\ncat data/part\n', 'data/part': '{"part": 1}' }), binary: true }, runReply: { status: 200, body: { part: 1 } } },
  { name: 'a tar.gz with exec', init: { code: tarGz([{ name: 'exec', text: '#!/bin/sh\necho "{\\"pwd\\": $(test "$PWD" = "$(dirname "$0")" && test -f exec && echo true)}"\n', mode: 0o755 }]), binary: true }, runReply: { status: 200, body: { pwd: true } } },
  { name: 'an archive without exec', init: { code: zip({ other: 'x' }), binary: true }, initReply: DEVELOPER('The action failed to generate or locate a binary. See logs for details.') },
  { name: 'no code at all', init: { code: null as unknown as string }, runReply: { status: 200, body: { error: 'This is a stub action. Replace it with custom logic.' } } },
];

const LOOP = (body: string): string => `#!/bin/sh\nwhile read -r line; do\n${body}\ndone\n`;
const ACKED = '#!/usr/bin/python3\nimport json, os, sys\nout = os.fdopen(3, "w")\nif os.environ.get("__OW_WAIT_FOR_ACK"):\n  print(\'{"ok":true}\', file=out, flush=True)\nn = 0\nfor line in sys.stdin:\n  n += 1\n  print("call", n, flush=True)\n  request = json.loads(line)\n  print(json.dumps({"n": n, "value": request["value"], "id": request["activation_id"]}), file=out, flush=True)\n';

const ACTION_LOOP: Case[] = [
  { name: 'a script that answers on descriptor 3', init: { code: LOOP('echo "got it"\necho "$line" | sed \'s/.*"value":\\({[^}]*}\\).*/\\1/\' >&3') }, args: { a: 1 }, runReply: { status: 200, body: { a: 1 } }, stdout: `got it\n${SENTINEL}` },
  { name: 'one that says when it is ready', init: { code: ACKED }, args: { a: 1 }, runReply: { status: 200, body: { n: 1, value: { a: 1 }, id: 'a1' } }, stdout: `call 1\n${SENTINEL}` },
  { name: 'a program of ActionLoop\'s compilers (exec.env)', init: { code: zip({ exec: '#!/bin/sh\neval \'echo "{\\"ok\\":true}" >&\'3\nread -r line\neval \'echo "{}" >&\'3\n', 'exec.env': 'openwhisk/action-golang' }), binary: true }, runReply: { status: 200, body: {} } },
  { name: 'a result that is no object', init: { code: LOOP('echo 5 >&3') }, runReply: NO_RESULT },
  { name: 'a program that ends at once', init: { code: '#!/bin/sh\n# __OW_WAIT_FOR_ACK\nexit 1\n' }, initReply: DEVELOPER('Cannot start action. Check logs for details.') },
  { name: 'one that is not ready', init: { code: '#!/bin/sh\n# __OW_WAIT_FOR_ACK\necho \'{"ok": false}\' >&3\ncat > /dev/null\n' }, initReply: DEVELOPER('Cannot start action. Check logs for details.') },
  { name: 'a program that ends during a call', init: { code: '#!/bin/sh\nread -r line\necho bye\nexit 1\n# never >&3\n' }, runReply: { status: 400, body: { error: 'command exited' } }, stdout: `bye\n${SENTINEL}` },
];

for (const [way, cases] of [["dockerskeleton's way", SKELETON], ["ActionLoop's way", ACTION_LOOP]] as const) {
  describe(`native: ${way}`, { concurrency: 2, timeout: 120_000 }, () => {
    for (const { name, init, args, initReply, runReply, stdout, stderr } of cases) {
      it(name, async () => {
        const started = await runtime(NATIVE);
        assert.deepEqual(await started.init({ ...init }), initReply ?? OK, started.stderr);
        if (initReply === undefined) assert.deepEqual(await started.run(args ?? {}), runReply, started.stderr + started.stdout);
        await started.until('sentinels', () => started.stdout.endsWith(SENTINEL) && started.stderr.endsWith(SENTINEL));
        if (stdout !== undefined) assert.equal(started.stdout, stdout);
        if (stderr !== undefined) assert.equal(started.stderr, stderr);
      });
    }
  });
}

describe('native', { timeout: 120_000 }, () => {
  it('runs before /init, and a second /init, are refused', async () => {
    const started = await runtime(NATIVE);
    assert.deepEqual(await started.run({}), { status: 500, body: { error: 'no action defined yet' } });
    assert.equal((await started.init({ code: '#!/bin/sh\necho {}' })).status, 200);
    assert.deepEqual(await started.init({ code: 'x' }), { status: 403, body: { error: 'Cannot initialize the action more than once.' } });
  });

  it('gives every call its environment, and that of /init', async () => {
    const started = await runtime(NATIVE);
    await started.init({ code: '#!/bin/sh\necho "{\\"id\\": \\"$__OW_ACTIVATION_ID\\", \\"ns\\": \\"$__OW_NAMESPACE\\", \\"secret\\": \\"$secret\\"}"\n', env: { secret: 's' } });
    assert.deepEqual((await started.run({}, { activation_id: 'a1' })).body, { id: 'a1', ns: 'guest', secret: 's' });
    assert.deepEqual((await started.run({}, { activation_id: 'a2' })).body, { id: 'a2', ns: 'guest', secret: 's' });
    await started.until('two sentinels', () => started.stdout === SENTINEL.repeat(2));
  });

  it('takes arguments that are longer than a command line', async () => {
    const started = await runtime(NATIVE);
    await started.init({ code: '#!/bin/sh\ntest $# = 0 && cat\n' });
    const big = 'ü'.repeat(200_000);
    const reply = await started.run({ big });
    assert.ok((reply.body as { big: string }).big === big);
  });

  it('keeps an ActionLoop running from call to call', async () => {
    const started = await runtime(NATIVE);
    await started.init({ code: ACKED });
    for (let n = 1; n <= 3; n++) assert.equal(((await started.run({})).body as { n: number }).n, n);
  });

  it('runs a program compiled from C, bare in base64 and as an ActionLoop in a zip', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'hpcwhisk-c-'));
    after(() => { rmSync(directory, { recursive: true, force: true }); });
    const compiler = ['/usr/bin/cc', '/usr/bin/gcc', '/usr/bin/clang'].find((path) => existsSync(path));
    assert.ok(compiler !== undefined, 'this test needs a C compiler (on Debian: apt-get install gcc libc6-dev)');
    const compile = (name: string, source: string): Buffer => {
      writeFileSync(join(directory, `${name}.c`), source);
      execFileSync(compiler, ['-o', join(directory, name), join(directory, `${name}.c`)]);
      return readFileSync(join(directory, name));
    };
    const once = compile('once', '#include <stdio.h>\nint main(int n, char **v) { printf("in C\\n{\\"args\\": %s}\\n", v[1]); return 0; }\n');
    const skeleton = await runtime(NATIVE);
    assert.deepEqual(await skeleton.init({ code: once.toString('base64'), binary: true }), OK);
    assert.deepEqual(await skeleton.run({ a: 1 }), { status: 200, body: { args: { a: 1 } } });

    const loop = compile('loop', `#include <stdio.h>
#include <stdlib.h>
int main(void) {
  FILE *out = fdopen(3, "w");
  char line[65536];
  if (getenv("__OW_WAIT_FOR_ACK")) { fputs("{\\"ok\\":true}\\n", out); fflush(out); }
  for (int n = 1; fgets(line, sizeof line, stdin); n++) { fprintf(out, "{\\"n\\": %d}\\n", n); fflush(out); }
}
`);
    const looping = await runtime(NATIVE);
    assert.deepEqual(await looping.init({ code: zip({ exec: loop }), binary: true }), OK, looping.stderr);
    assert.deepEqual(await looping.run({}), { status: 200, body: { n: 1 } });
    assert.deepEqual(await looping.run({}), { status: 200, body: { n: 2 } });
  });
});
