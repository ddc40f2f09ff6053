import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { strFromU8, unzipSync } from 'fflate';
import type { JsonObject } from '../../domain/json.ts';
import { stepLabel } from './deploy-project.ts';
import type { ProjectPlan, ProjectStep } from './project-plan.ts';
import { readProject } from './read-project.ts';

describe('a manifest', () => {
  let directory: string;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hpcwhisk-manifest-'));
    await put('src/hello.js', 'function main() {}');
    await put('packed/__main__.py', 'def main(args): return {}');
    await put('packed/lib/helper.py', 'x = 1');
    await put('other/data.txt', 'text');
  });
  after(async () => { await rm(directory, { recursive: true }); });

  async function put(name: string, text: string): Promise<string> {
    const path = join(directory, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    return path;
  }

  async function read(manifest: string, { deployment, environment = {}, parameters = {} }: { deployment?: string; environment?: NodeJS.ProcessEnv; parameters?: JsonObject } = {}): Promise<ProjectPlan> {
    return readProject({
      manifest: await put('manifest.yaml', manifest), environment, parameters,
      ...(deployment === undefined ? {} : { deployment: await put('the-deployment.yaml', deployment) }),
    });
  }

  const bodyOf = (plan: ProjectPlan, name: string): Extract<ProjectStep, { body: unknown }>['body'] => {
    const step = plan.steps.find((one) => one.name === name);
    assert.ok(step !== undefined && step.kind !== 'api', `no step ${name}`);
    return step.body;
  };
  const parametersOf = (plan: ProjectPlan, name: string): object =>
    Object.fromEntries(('parameters' in bodyOf(plan, name) ? (bodyOf(plan, name) as { parameters: { key: string; value: unknown }[] }).parameters : []).map(({ key, value }) => [key, value]));

  it('takes the keys of actions that are annotations, and kinds as wskdeploy writes them', async () => {
    const plan = await read(`
packages:
  default:
    actions:
      web: {code: "main = 1", runtime: nodejs, web: yes, raw-http: true, final: false}
      steps: {code: "main = 1", kind: nodejs@20, conductor: true}
      source: {code: "main = 1", runtime: "python:3", feed: true}
`);
    assert.deepEqual(bodyOf(plan, 'web'), {
      exec: { kind: 'nodejs:default', code: 'main = 1' },
      annotations: [{ key: 'web-export', value: true }, { key: 'raw-http', value: true }, { key: 'final', value: false }],
    });
    assert.deepEqual(bodyOf(plan, 'steps'), { exec: { kind: 'nodejs:20', code: 'main = 1' }, annotations: [{ key: 'conductor', value: true }] });
    assert.deepEqual(bodyOf(plan, 'source'), { exec: { kind: 'python:3', code: 'main = 1' }, annotations: [{ key: 'feed', value: true }] });
  });

  it('becomes a plan in the order in which it can be carried out', async () => {
    const { steps, warnings } = await read(`
project:
  name: any
  packages:
    demo:
      version: 1.0
      license: Apache-2.0
      apis: {demo-api: {/base: {/path: {hello: get}, "/item/{id}": {hello: {method: DELETE}}}}}
      rules: {r: {trigger: t, action: outer}, elsewhere: {trigger: /_/t, action: /whisk.system/utils/echo}}
      triggers: {t: {feed: /whisk.system/alarms/interval, inputs: {minutes: 1}}}
      sequences:
        outer: {actions: [inner, hello]}
        inner: {actions: "hello, /whisk.system/utils/echo, other/act"}
      actions:
        hello: {function: src/hello.js, web: raw, annotations: {description: d}, limits: {timeout: 1000, memorySize: 128, logSize: 2, concurrency: 3}}
      dependencies:
        u: {location: /whisk.system/utils, inputs: {a: 1}}
    default:
      actions: {bare: {code: "main = 1", runtime: "nodejs:20", main: run}}
`);
    assert.deepEqual(warnings, []);
    assert.deepEqual(steps.map(stepLabel), [
      'package demo', 'binding u', 'action demo/hello', 'action bare', 'sequence demo/inner', 'sequence demo/outer', 'trigger t', 'rule r', 'rule elsewhere',
      'API GET /base/path', 'API DELETE /base/item/{id}',
    ]);
    const plan = { steps, warnings };
    assert.deepEqual(bodyOf(plan, 'demo/hello'), {
      exec: { kind: 'nodejs:default', code: 'function main() {}' }, limits: { timeout: 1000, memory: 128, logs: 2, concurrency: 3 },
      annotations: [{ key: 'description', value: 'd' }, { key: 'web-export', value: true }, { key: 'raw-http', value: true }, { key: 'final', value: true }],
    });
    assert.deepEqual(bodyOf(plan, 'bare'), { exec: { kind: 'nodejs:20', code: 'main = 1', main: 'run' } });
    assert.deepEqual(bodyOf(plan, 'demo/inner'), { exec: { kind: 'sequence', components: ['/_/demo/hello', '/whisk.system/utils/echo', '/_/other/act'] } });
    assert.deepEqual(bodyOf(plan, 'u'), { binding: { namespace: 'whisk.system', name: 'utils' }, parameters: [{ key: 'a', value: 1 }] });
    assert.deepEqual(steps.find(({ name }) => name === 't'), {
      kind: 'trigger', name: 't', body: { annotations: [{ key: 'feed', value: '/whisk.system/alarms/interval' }] }, feed: { name: '/whisk.system/alarms/interval', parameters: { minutes: 1 } },
    });
    assert.deepEqual(bodyOf(plan, 'r'), { trigger: '/_/t', action: '/_/demo/outer' });
    assert.deepEqual(bodyOf(plan, 'elsewhere'), { trigger: '/_/t', action: '/whisk.system/utils/echo' });
    assert.deepEqual(steps.at(-1), { kind: 'api', name: 'demo-api', basePath: '/base', path: '/item/{id}', verb: 'DELETE', action: 'demo/hello', responseType: 'http' });
  });

  it('takes values from types, defaults, the environment, the deployment file and the command line', async () => {
    const manifest = `
packages:
  p:
    inputs: {where: "in \${CITY}", cost: "$$5", whole: $CITY, unset: "<\${NOT_SET}>"}
    actions:
      a:
        function: src/hello.js
        inputs:
          text: string
          number: {type: integer, default: 7}
          fromEnvironment: {type: integer, value: "\${COUNT}"}
          literal: {some: {nested: "\${CITY}"}}
          overridden: {type: string, value: manifest}
          commanded: manifest
          document: {type: json, value: '{"a": 1}'}
`;
    const plan = await read(manifest, {
      environment: { CITY: 'Poznan', COUNT: '3' }, parameters: { commanded: 'command line', stranger: 1 },
      deployment: 'project: {packages: {p: {actions: {a: {inputs: {overridden: deployment, commanded: deployment, added: 1}, annotations: {noted: true}}}}}}',
    });
    assert.deepEqual(parametersOf(plan, 'p'), { where: 'in Poznan', cost: '$5', whole: 'Poznan', unset: '<>' });
    assert.deepEqual(parametersOf(plan, 'p/a'), {
      text: '', number: 7, fromEnvironment: 3, literal: { some: { nested: 'Poznan' } }, overridden: 'deployment', commanded: 'command line', document: { a: 1 }, added: 1,
    });
    assert.deepEqual((bodyOf(plan, 'p/a') as { annotations: unknown }).annotations, [{ key: 'noted', value: true }]);
    assert.deepEqual(plan.warnings, ['the environment variable \'NOT_SET\' is not set']);
  });

  it('packs a directory', async () => {
    const plan = await read('packages: {p: {actions: {a: {function: packed}}}}');
    const { exec } = bodyOf(plan, 'p/a') as { exec: { kind: string; code: string } };
    assert.equal(exec.kind, 'python:default');
    const files = unzipSync(Buffer.from(exec.code, 'base64'));
    assert.deepEqual(Object.keys(files).sort(), ['__main__.py', 'lib/helper.py']);
    assert.equal(strFromU8(files['lib/helper.py']!), 'x = 1');
  });

  it('leaves code alone, in which ${…} means something else', async () => {
    const plan = await read('packages: {p: {actions: {a: {code: "main = () => ({a: `${x}`})", runtime: "nodejs:default"}}}}');
    assert.equal((bodyOf(plan, 'p/a') as { exec: { code: string } }).exec.code, 'main = () => ({a: `${x}`})');
  });

  it('is refused, with the place of what is wrong', async () => {
    for (const [manifest, message] of [
      ['packages: {', /is not YAML/],
      ['{}', /names no packages/],
      ['packages: {p: {actoins: {}}}', /^package 'p': unknown key 'actoins'/],
      ['packages: {p: {actions: {a: {}}}}', /action 'a': 'function' or 'code' is missing/],
      ['packages: {p: {actions: {a: {function: none.js}}}}', /action 'a': File .*none\.js' is not a valid file/],
      ['packages: {p: {actions: {a: {function: src/hello.js, code: x}}}}', /give either/],
      ['packages: {p: {actions: {a: {code: x}}}}', /'code' needs a 'runtime'/],
      ['packages: {p: {actions: {a: {function: other}}}}', /needs a 'runtime'/],
      ['packages: {p: {actions: {a: {function: "github.com/x/y.js"}}}}', /is not a file of this machine/],
      ['packages: {p: {actions: {a: {function: src/hello.js, inputs: {x: {type: string, required: true}}}}}}', /action 'a': input 'x' is required/],
      ['packages: {p: {actions: {a: {function: src/hello.js, inputs: {x: {type: integer, value: much}}}}}}', /'much' is not of the type integer/],
      ['packages: {p: {dependencies: {d: {location: github.com/apache/openwhisk-catalog}}}}', /dependency 'd'.*not fetched/],
      ['packages: {p: {rules: {r: {trigger: t}}}}', /rule 'r': 'trigger' and 'action' are required/],
      ['packages: {p: {sequences: {a: {actions: b}, b: {actions: a}}}}', /refers to itself/],
      ['packages: {p: {apis: {x: {/b: {/p: {a: FETCH}}}}}}', /'FETCH' is not a valid API verb/],
      ['packages: {p: {feeds: {f: {}}}}', /'feeds' are not supported/],
    ] as const) await assert.rejects(read(manifest), { message }, manifest);
  });
});
