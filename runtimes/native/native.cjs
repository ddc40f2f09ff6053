'use strict';
/*
 * Action runtime for executables, behind the HTTP front of nodejs/runtime.cjs: scripts and programs in any language. The
 * code is a script, or in base64 a program, a zip or a tar.gz; in an archive the executable is named `exec`. It is run
 * in the directory that holds it, in one of two ways:
 *
 * - as OpenWhisk's dockerskeleton does: once per call, with the arguments as JSON in argv[1] (unless they are longer than
 *   the system takes) and on stdin. The last line on stdout is the result, what stands before it is log.
 * - as ActionLoop does: started once, at /init. Each call is one line of JSON on stdin, `{"value": arguments, …}`, each
 *   result one line of JSON on descriptor 3. Where __OW_WAIT_FOR_ACK is set it says `{"ok":true}` there when it is ready.
 *
 * ActionLoop it is when the archive holds `exec.env`, as ActionLoop's compilers make it, when the executable names
 * __OW_WAIT_FOR_ACK, as their launchers for Go, Rust and others do, or when it is a script that uses descriptor 3.
 */
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { createInterface } = require('node:readline');

/** Linux' MAX_ARG_STRLEN, less the zero at the end. */
const MAX_ARGUMENT_BYTES = 131_071;
/** How long an ActionLoop that does not say when it is ready is watched for an early end. */
const EARLY_END_MS = 5;
const ACK_MARK = '__OW_WAIT_FOR_ACK';
const DESCRIPTOR_3 = />\s*&\s*3\b|\/(?:dev|proc\/self)\/fd\/3\b|\bfdopen\s*\(\s*3\b|\bfrom_raw_fd\s*\(\s*3\b|\bopen\s*\(\s*3\s*,/;
const NO_BINARY = 'The action failed to generate or locate a binary. See logs for details.';
const NO_RESULT = 'The action did not return a dictionary or array.';
const STUB = 'This is a stub action. Replace it with custom logic.';

module.exports = ({ archives, writeSentinels, workDirectory }) => {
  /** Runs one call: gives {code, value} or {code, json}. */
  let runner;

  async function init(body) {
    if (runner !== undefined) {
      console.error('Cannot initialize the action more than once.');
      return { code: 403, value: { error: 'Cannot initialize the action more than once.' } };
    }
    const value = body.value !== null && typeof body.value === 'object' ? body.value : {};
    for (const [key, text] of Object.entries(value.env ?? {})) process.env[key] = typeof text === 'string' ? text : JSON.stringify(text);
    if (typeof value.code !== 'string') {
      runner = () => Promise.resolve({ code: 200, value: { error: STUB } });
      return { code: 200, value: { ok: true } };
    }
    const directory = workDirectory();
    try {
      placeCode(value.code, value.binary === true, directory);
    } catch (error) {
      return failed(NO_BINARY, error);
    }
    const program = path.join(directory, 'exec');
    if (!fs.statSync(program, { throwIfNoEntry: false })?.isFile()) return failed(NO_BINARY, 'There is no file exec.');
    fs.chmodSync(program, 0o755);
    process.chdir(directory);
    process.env.PWD = directory;
    const loop = loopKind(program, directory);
    if (loop === undefined) {
      runner = (request) => runOnce(program, request.value ?? {});
    } else {
      const started = await startLoop(program, loop.ack);
      if ('error' in started) return failed('Cannot start action. Check logs for details.', started.error);
      runner = (request) => started.run(request);
    }
    return { code: 200, value: { ok: true } };
  }

  function failed(text, error) {
    console.error(error instanceof Error ? error.message : error);
    writeSentinels();
    return { code: 502, value: { error: text } };
  }

  function placeCode(code, binary, directory) {
    const program = path.join(directory, 'exec');
    if (!binary) return fs.writeFileSync(program, code);
    const data = Buffer.from(code, 'base64');
    if (archives().isArchive(data)) archives().unpack(data, directory);
    else fs.writeFileSync(program, data);
  }

  function run(body, answer) {
    if (runner === undefined) return answer({ code: 500, value: { error: 'no action defined yet' } });
    for (const [key, text] of Object.entries(body)) {
      if (key !== 'value' && typeof text === 'string') process.env[`__OW_${key.toUpperCase()}`] = text;
    }
    runner(body).catch((error) => {
      console.log(String(error));
      return { code: 502, value: { error: NO_RESULT } };
    }).then((result) => {
      writeSentinels();
      answer(result);
    });
  }

  return { init, run };
};

/** Undefined for dockerskeleton's way. */
function loopKind(program, directory) {
  const data = fs.readFileSync(program);
  if (data.includes(ACK_MARK)) return { ack: true };
  if (fs.existsSync(path.join(directory, 'exec.env'))) return { ack: true };
  const script = data.toString('latin1', 0, 2) === '#!';
  return script && DESCRIPTOR_3.test(data.toString('latin1')) ? { ack: false } : undefined;
}

/** A result as JSON text: an object or an array. */
function resultOf(line) {
  try {
    const value = JSON.parse(line);
    if (typeof value === 'object' && value !== null) return { code: 200, json: line };
  } catch {
    // No JSON: told below.
  }
  console.log(line);
  return { code: 502, value: { error: NO_RESULT } };
}

function runOnce(program, args) {
  const json = JSON.stringify(args);
  return new Promise((resolve, reject) => {
    const child = spawn(program, Buffer.byteLength(json) > MAX_ARGUMENT_BYTES ? [] : [json], { stdio: ['pipe', 'pipe', 'inherit'] });
    let failed = false;
    child.once('error', (error) => {
      failed = true;
      reject(error);
    });
    // Many programs never look at it.
    child.stdin.on('error', () => undefined);
    child.stdin.end(json);
    let last = '';
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (text) => {
      last += text;
      // The line break at the very end does not begin another line.
      const newline = last.lastIndexOf('\n', last.length - 2);
      if (newline < 0 || last.length < 2) return;
      process.stdout.write(last.slice(0, newline + 1));
      last = last.slice(newline + 1);
    });
    child.once('close', () => { if (!failed) resolve(resultOf(last.trim())); });
  });
}

/** @returns `run`, or the `error` for which it could not be started */
function startLoop(program, ack) {
  const env = ack ? { ...process.env, [ACK_MARK]: '1' } : process.env;
  const child = spawn(program, [], { env, stdio: ['pipe', 'inherit', 'inherit', 'pipe'] });
  child.stdin.on('error', () => undefined);
  child.stdio[3].on('error', () => undefined);
  const waiting = [];
  const settle = (line) => waiting.shift()?.(line);
  createInterface({ input: child.stdio[3], crlfDelay: Infinity }).on('line', settle);
  let ended = false;
  const end = () => {
    ended = true;
    while (waiting.length > 0) settle(undefined);
  };
  child.once('error', end);
  child.once('close', end);
  // It may end while a child of its own keeps descriptor 3 open.
  child.once('exit', () => setImmediate(end));
  const line = () => (ended ? Promise.resolve(undefined) : new Promise((resolve) => { waiting.push(resolve); }));

  async function run(request) {
    const answer = line();
    if (!ended) child.stdin.write(`${JSON.stringify(request)}\n`);
    const text = await answer;
    return text === undefined ? { code: 400, value: { error: 'command exited' } } : resultOf(text);
  }

  return new Promise((resolve) => {
    if (ack) {
      line().then((text) => {
        let said;
        try {
          said = JSON.parse(text ?? 'null');
        } catch {
          // Told below.
        }
        if (said?.ok === true) resolve({ run });
        else resolve({ error: text === undefined ? 'The command exited abruptly during its initialization.' : `The action did not initialize properly: ${text}` });
      });
      return;
    }
    setTimeout(() => resolve(ended ? { error: 'The command exited.' } : { run }), EARLY_END_MS);
  });
}
