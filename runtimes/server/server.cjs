'use strict';
/*
 * Action runtime for images that serve OpenWhisk's /init and /run themselves, on port 8080 as blackbox images do: starts
 * the image's own server, behind the HTTP front of nodejs/runtime.cjs, and passes requests on. The network is the box's
 * own, so that the port is free. Not all images write the sentinel lines: those of the server are left out, and one is
 * written for each answer.
 *
 * HPCWHISK_SERVER is the server's command as a JSON array.
 */
const { spawn } = require('node:child_process');
const http = require('node:http');
const { createInterface } = require('node:readline');

const SENTINEL = 'XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX';
const PORT = 8080;
const RETRY_MS = 50;
/** The answer comes over another way than what was printed before it. */
const LOG_LAG_MS = 5;
const EXIT_LAG_MS = 100;

module.exports = ({ writeSentinels }) => {
  const [program, ...args] = JSON.parse(process.env.HPCWHISK_SERVER);
  delete process.env.HPCWHISK_SERVER;
  const server = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  for (const name of ['stdout', 'stderr']) {
    createInterface({ input: server[name], crlfDelay: Infinity }).on('line', (line) => {
      if (line !== SENTINEL) process[name].write(`${line.endsWith(SENTINEL) ? line.slice(0, -SENTINEL.length) : line}\n`);
    });
  }
  server.once('error', (error) => {
    console.error(`The image's server cannot be started: ${error.message}`);
    process.exit(1);
  });
  server.once('exit', (code, signal) => {
    console.error(`The image's server ended (${signal ?? `exit code ${code}`}).`);
    process.exit(1);
  });

  return {
    async init(body) {
      const answer = await untilUp(() => post('/init', body));
      if (answer.code !== 200) await finished();
      return answer;
    },
    run(body, reply) {
      post('/run', body).then(async (answer) => {
        await finished();
        reply(answer);
      }, (error) => {
        console.error(`The image's server gave no answer: ${error.message}`);
        // If it has ended, that is told first.
        setTimeout(() => { process.exit(1); }, EXIT_LAG_MS);
      });
    },
  };

  async function finished() {
    await new Promise((resolve) => { setTimeout(resolve, LOG_LAG_MS); });
    writeSentinels();
  }
};

/** The server takes its time to come up; the invoker's limit ends this if it never does. */
async function untilUp(attempt) {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (error.code !== 'ECONNREFUSED' && error.code !== 'ECONNRESET') throw error;
      await new Promise((resolve) => { setTimeout(resolve, RETRY_MS); });
    }
  }
}

function post(path, body) {
  const json = JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const request = http.request({
      host: '127.0.0.1', port: PORT, path, method: 'POST', agent: false, headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) },
    }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => { resolve({ code: response.statusCode, json: Buffer.concat(chunks).toString() }); });
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(json);
  });
}
