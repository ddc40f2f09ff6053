'use strict';
/*
 * Action runtime for Node.js: OpenWhisk's /init and /run over HTTP/1.1.
 *
 * Where it serves: on the inherited, connected descriptor named by HPCWHISK_FD (it exits when that is closed), else on
 * the unix socket named by HPCWHISK_SOCKET, else on TCP port 8080 as OpenWhisk's own images do.
 *
 * State: new --/init--> starting --> ready --/run--> running --> ready; a failed /init or a throwing /run leads to
 * `stopped`, where every request is refused. Codes, texts and the sentinel lines are those of openwhisk-runtime-nodejs.
 *
 * An action that was initialized with __OW_ALLOW_CONCURRENT=true runs several calls at once. A request of such a call has
 * a header `Call`, and so has its answer, which may pass others. What the call prints, as far as it can be told by its
 * asynchronous context, gets a mark at the beginning of each line: SOH, the call, STX.
 *
 * With an argument, it loads the module named there and leaves /init and /run to that: the native runtime does so.
 *
 * A request with `Sentinels: unneeded` spares its reader two wake-ups: the answer says `Sentinels: none`, and what was
 * printed has been written before it.
 *
 * HTTP is parsed by hand on node:net, because loading node:http would cost a quarter of the cold start.
 */
const net = require('node:net');

const SENTINEL = 'XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX\n';
const MAX_BODY_BYTES = 128 * 1024 * 1024;
const REASONS = { 200: 'OK', 400: 'Bad Request', 403: 'Forbidden', 404: 'Not Found', 405: 'Method Not Allowed', 413: 'Content Too Large', 502: 'Bad Gateway' };

let state = 'new';
let userMain;
/** Which call the running code belongs to; only in actions that run several at once. */
let calls;

// ---- /init ----

async function init(body) {
  if (userMain !== undefined) return refuse('Cannot initialize the action more than once.');
  if (state !== 'new') return refuse(`System not ready, status is ${state}.`);
  const value = body !== null && typeof body === 'object' && body.value !== null && typeof body.value === 'object' ? body.value : {};
  if (typeof value.main !== 'string' || value.main === '' || typeof value.code !== 'string' || value.code === '') {
    return { code: 403, value: { error: 'Missing main/no code to execute.' } };
  }
  state = 'starting';
  for (const [key, text] of Object.entries(value.env ?? {})) process.env[key] = typeof text === 'string' ? text : JSON.stringify(text);
  if (process.env.__OW_ALLOW_CONCURRENT === 'true') tellCallsApart();
  provideModules();
  try {
    userMain = value.binary === true ? await loadArchive(value.code, value.main) : await loadSource(value.code, value.main);
    state = 'ready';
    return { code: 200, value: { OK: true } };
  } catch (error) {
    state = 'stopped';
    console.error('Error during initialization:', error);
    writeSentinels();
    return { code: 502, value: { error: `Initialization has failed due to: ${error?.stack ? String(error.stack) : error}` } };
  }
}

/** What is in `modules` beside this file can be required, unless the action brings its own. */
function provideModules() {
  const before = process.env.NODE_PATH;
  process.env.NODE_PATH = require('node:path').join(__dirname, 'modules');
  require('node:module').Module._initPaths();
  if (before === undefined) delete process.env.NODE_PATH;
  else process.env.NODE_PATH = before;
}

function refuse(text) {
  console.error('Internal system error:', text);
  return { code: 403, value: { error: text } };
}

async function loadSource(code, main) {
  const fs = require('node:fs');
  const path = require('node:path');
  const { createRequire } = require('node:module');
  const directory = workDirectory();
  process.chdir(directory);
  if (/^\s*(?:import\s*[\w{*"']|export\s+(?:default|const|let|var|function|async|class)\b|export\s*\{)/m.test(code)) {
    const asModule = await tryModule();
    if (asModule !== undefined) return entryPoint(asModule, main);
  }
  const filename = path.join(directory, 'index.js');
  const module = { exports: {}, filename, id: filename, loaded: false, children: [], paths: [] };
  const found = checkedName(main) ? `typeof ${main.split('.')[0]} !== 'undefined' ? ${main} : undefined` : 'undefined';
  const wrapped = require('node:vm').compileFunction(
    `${code}\n;return (${found});`, ['exports', 'require', 'module', '__filename', '__dirname'],
    { filename, importModuleDynamically: require('node:vm').constants.USE_MAIN_CONTEXT_DEFAULT_LOADER },
  );
  const direct = wrapped.call(module.exports, module.exports, createRequire(filename), module, filename, directory);
  if (typeof direct === 'function') return direct;
  return entryPoint(module.exports, main);

  async function tryModule() {
    const file = path.join(directory, 'index.mjs');
    fs.writeFileSync(file, code);
    try {
      return await import(require('node:url').pathToFileURL(file).href);
    } catch (error) {
      // CommonJS whose text merely looks like a module: its own error is the better one.
      if (error instanceof SyntaxError || (error instanceof ReferenceError && /^(require|module|exports|__\w+name) is not defined/.test(error.message))) return undefined;
      throw error;
    }
  }
}

async function loadArchive(base64, main) {
  const fs = require('node:fs');
  const path = require('node:path');
  const directory = path.join(workDirectory(), 'action');
  archives().unpack(Buffer.from(base64, 'base64'), directory);
  process.chdir(directory);
  // `file.fn` names the file of the archive and its function; a plain name is looked for in the package itself.
  const [, file, fn] = /^(?:(.+)\.)?([^.]+)$/.exec(main) ?? [];
  if (fn === undefined) throw 'Name of main function is not valid.';
  if (file === undefined && !fs.existsSync('package.json') && !fs.existsSync('index.js')) {
    throw 'Zipped actions must contain either package.json or index.js at the root.';
  }
  const load = require('node:module').createRequire(path.join(directory, 'index.js'));
  const wanted = file === undefined ? directory : path.join(directory, file);
  let exported;
  try {
    exported = load(wanted);
  } catch (error) {
    // The one where modules can be required unless they wait for something, the other up to Node.js 20, where they cannot.
    if (error?.code !== 'ERR_REQUIRE_ASYNC_MODULE' && error?.code !== 'ERR_REQUIRE_ESM') throw error;
    exported = await import(require('node:url').pathToFileURL(load.resolve(wanted)).href);
  }
  return entryPoint(exported, fn);
}

function checkedName(main) {
  return /^[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)*$/.test(main);
}

function entryPoint(exported, main) {
  let found = exported;
  for (const part of main.split('.')) found = found?.[part] ?? found?.default?.[part];
  if (typeof found !== 'function') throw `Action entrypoint '${main}' is not a function.`;
  return found;
}

/** Loaded for archives only. */
function archives() {
  return require('./archive.cjs');
}

function workDirectory() {
  const path = require('node:path');
  return require('node:fs').mkdtempSync(path.join(require('node:os').tmpdir(), 'action-'));
}

// ---- /run ----

const RUN_ENV = ['api_key', 'namespace', 'action_name', 'action_version', 'activation_id', 'transaction_id', 'deadline'];

function run(body, answer, call, sentinels) {
  if (userMain === undefined && state !== 'stopped') return answer(refuse('System not initialized.'));
  if (state !== 'ready') return answer(refuse(`System not ready, status is ${state}.`));
  if (calls === undefined) state = 'running';
  for (const key of RUN_ENV) {
    if (body[key] !== undefined) process.env[`__OW_${key.toUpperCase()}`] = body[key];
  }
  if (calls !== undefined && call !== undefined) calls.run(call, start);
  else start();

  function start() {
    let returned;
    try {
      returned = userMain(body.value ?? {});
    } catch (error) {
      console.error(error);
      writeSentinels();
      // Others may be running in it.
      if (calls === undefined) state = 'stopped';
      return answer({ code: 502, value: { error: `An error has occurred: ${error}` } });
    }
    if (typeof returned?.then !== 'function') return finish(returned);
    returned.then(finish, (error) => finish({ error: error ? plainError(error) : {} }));
  }

  function finish(result = {}) {
    let json;
    if (typeof result !== 'object' || result === null) {
      console.error(`Result must be of type object but has type "${typeof result}":`, result);
    } else {
      try {
        json = JSON.stringify(result);
      } catch (error) {
        console.error('Result cannot be written as JSON:', error);
      }
    }
    // Whoever reads the output together with this channel has seen all of it before the answer.
    const untold = json !== undefined && !sentinels && process.stdout.writableLength === 0 && process.stderr.writableLength === 0;
    if (!untold) writeSentinels();
    state = 'ready';
    if (json === undefined) answer({ code: 502, value: { error: 'The action did not return a dictionary.' } });
    else answer({ code: 200, json, untold });
  }
}

/** An error as JSON: what JSON.stringify would lose of an Error is kept. */
function plainError(error) {
  if (typeof error === 'function') return `[Function: ${error.name || 'anonymous'}]`;
  if (!(error instanceof Error)) return error;
  const plain = { name: error.name, message: error.message, stack: error.stack };
  if (error.code !== undefined) plain.code = error.code;
  for (const [key, value] of Object.entries(error)) {
    if (typeof value !== 'function') plain[key] = value;
  }
  try {
    JSON.stringify(plain);
    return plain;
  } catch {
    return { name: error.name, message: error.message, stack: error.stack };
  }
}

function writeSentinels() {
  process.stdout.write(SENTINEL);
  process.stderr.write(SENTINEL);
}

/** Marks the lines of each call from now on. */
function tellCallsApart() {
  const { AsyncLocalStorage } = require('node:async_hooks');
  calls = new AsyncLocalStorage();
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream);
    const begun = new Map();
    stream.write = (chunk, encoding, done) => {
      const call = calls.getStore();
      if (call === undefined) return write(chunk, encoding, done);
      const text = (begun.get(call) ?? '') + (typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString());
      // The end of the call also ends a line that it has begun.
      const lines = (text.endsWith(SENTINEL) && text.length > SENTINEL.length && text.at(-SENTINEL.length - 1) !== '\n'
        ? `${text.slice(0, -SENTINEL.length)}\n${SENTINEL}` : text).split('\n');
      const rest = lines.pop();
      if (rest === '') begun.delete(call);
      else begun.set(call, rest);
      return write(lines.map((line) => `\x01${call}\x02${line}\n`).join(''), 'utf8', typeof encoding === 'function' ? encoding : done);
    };
  }
}

// ---- HTTP ----

const HEAD_END = Buffer.from('\r\n\r\n');

function serve(socket) {
  let kept = null;
  let request = null;
  let busy = false;
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    kept = kept === null ? chunk : append(kept, chunk);
    if (!busy) next();
  });

  // A large body comes in many chunks: they are joined once, when it is complete.
  function append(before, chunk) {
    const parts = Array.isArray(before) ? before : [before];
    parts.push(chunk);
    if (request !== null && request.length >= 0) {
      let bytes = 0;
      for (const part of parts) bytes += part.length;
      if (bytes < request.length) return parts;
    }
    return Buffer.concat(parts);
  }

  function next() {
    if (kept === null || Array.isArray(kept)) return;
    if (request === null) {
      const end = kept.indexOf(HEAD_END);
      if (end < 0) return kept.length > 65_536 ? reply(400, '{"error":"Malformed request."}', true) : undefined;
      request = parseHead(kept.toString('latin1', 0, end));
      kept = end + 4 < kept.length ? kept.subarray(end + 4) : null;
      if (request === null) return reply(400, '{"error":"Malformed request."}', true);
      if (request.length > MAX_BODY_BYTES) return reply(413, '{"error":"Request too large."}', true);
      if (request.expect) socket.write('HTTP/1.1 100 Continue\r\n\r\n');
    }
    const body = takeBody();
    if (body === undefined) return;
    const { method, url, close, call, sentinels } = request;
    request = null;
    if (call !== undefined) {
      handle(method, url, body, (status, json) => reply(status, json, close, call), call, true);
      if (kept !== null) next();
      return;
    }
    busy = true;
    handle(method, url, body, (status, json, untold) => {
      reply(status, json, close, undefined, untold);
      busy = false;
      if (kept !== null) next();
    }, undefined, sentinels);
  }

  function takeBody() {
    if (request.length === 0) return '';
    if (request.length > 0) {
      if (kept === null || kept.length < request.length) return undefined;
      const body = kept.toString('utf8', 0, request.length);
      kept = kept.length > request.length ? kept.subarray(request.length) : null;
      return body;
    }
    // Chunked: scanned from its start each time; only foreign clients send it.
    let at = 0;
    const parts = [];
    while (kept !== null) {
      const line = kept.indexOf('\r\n', at);
      if (line < 0) return undefined;
      const size = Number.parseInt(kept.toString('latin1', at, line), 16);
      if (Number.isNaN(size) || kept.length < line + 2 + size + 2) return undefined;
      at = line + 2 + size + 2;
      if (size === 0) {
        kept = kept.length > at ? kept.subarray(at) : null;
        return Buffer.concat(parts).toString();
      }
      parts.push(kept.subarray(line + 2, line + 2 + size));
    }
    return undefined;
  }

  function reply(status, json, close, call, untold) {
    const tag = (call === undefined ? '' : `Call: ${call}\r\n`) + (untold === true ? 'Sentinels: none\r\n' : '');
    const head = `HTTP/1.1 ${status} ${REASONS[status] ?? 'Unknown'}\r\nContent-Type: application/json\r\n${tag}Content-Length: ${Buffer.byteLength(json)}\r\n${close ? 'Connection: close\r\n' : ''}\r\n`;
    if (close) socket.end(head + json);
    else socket.write(head + json);
  }
}

function parseHead(text) {
  const lines = text.split('\r\n');
  const [, method, url, version] = /^([A-Z]+) (\S+) HTTP\/1\.([01])$/.exec(lines[0]) ?? [];
  if (method === undefined) return null;
  const request = { method, url, length: 0, expect: false, sentinels: true, close: version === '0' };
  for (let at = 1; at < lines.length; at++) {
    const colon = lines[at].indexOf(':');
    const value = lines[at].slice(colon + 1).trim().toLowerCase();
    switch (lines[at].slice(0, colon).toLowerCase()) {
      case 'content-length': request.length = Number(value); break;
      case 'transfer-encoding': request.length = -1; break;
      case 'expect': request.expect = value === '100-continue'; break;
      case 'call': request.call = value; break;
      case 'sentinels': request.sentinels = value !== 'unneeded'; break;
      case 'connection': request.close = value === 'close'; break;
    }
  }
  return Number.isNaN(request.length) ? null : request;
}

function handle(method, url, text, reply, call, sentinels) {
  const answer = ({ code, value, json, untold }) => reply(code, json ?? JSON.stringify(value), untold);
  if (url !== '/init' && url !== '/run') return answer({ code: 404, value: { error: 'Not found.' } });
  if (method !== 'POST') return answer({ code: 405, value: { error: 'Method not allowed.' } });
  let body;
  try {
    body = JSON.parse(text === '' ? '{}' : text);
    if (typeof body !== 'object' || body === null) throw new SyntaxError('not an object');
  } catch (error) {
    return answer({ code: 400, value: { error: `Error unmarshaling request: ${error.message}` } });
  }
  if (url === '/run') action.run(body, answer, call, sentinels);
  else action.init(body).then(answer);
}

/** Who answers /init and /run. */
const action = process.argv[2] === undefined ? { init, run } : require(process.argv[2])({ archives, writeSentinels, workDirectory });

const descriptor = process.env.HPCWHISK_FD;
const path = process.env.HPCWHISK_SOCKET;
delete process.env.HPCWHISK_FD;
delete process.env.HPCWHISK_SOCKET;
// Slurm signals every process of a preempted job, but whether a call may go on is the invoker's to say.
process.on('SIGTERM', () => undefined);
// The streams are made now, while nobody waits for an answer.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);
if (descriptor !== undefined) {
  const socket = new net.Socket({ fd: Number(descriptor), readable: true, writable: true });
  serve(socket);
  socket.on('close', () => process.exit(0));
  socket.resume();
} else {
  net.createServer(serve).listen(path ?? { port: 8080, host: '0.0.0.0' });
}
