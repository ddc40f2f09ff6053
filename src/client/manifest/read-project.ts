/**
 * A manifest of wskdeploy, with a deployment file beside it if there is one, becomes a plan. Where the two say different
 * things of an input or an annotation, the deployment file wins, and the command line wins over both.
 */
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parse as parseYaml } from 'yaml';
import type { JsonObject, JsonValue } from '../../domain/json.ts';
import { keyValues, type KeyValue } from '../parameter-values.ts';
import { parseQualifiedName } from '../qualified-name.ts';
import type { Limits } from '../resources.ts';
import { mergeAnnotations, webAnnotations } from '../web-annotations.ts';
import { fileError, WhiskError } from '../whisk-error.ts';
import { apiSteps } from './api-steps.ts';
import { Environment } from './environment.ts';
import { functionExec } from './function-code.ts';
import { resolveInputs } from './inputs.ts';
import { ManifestNode } from './manifest-node.ts';
import type { ProjectPlan, ProjectStep } from './project-plan.ts';

/** Keys that describe the project to people, or to other platforms. */
const IGNORED = ['version', 'license', 'namespace', 'credential', 'apiHost', 'repositories', 'description', 'displayName', 'name'];
const LIMITS = { timeout: 'timeout', memory: 'memorySize', logs: 'logSize', concurrency: 'concurrency' } as const;
const DEFAULT_PACKAGE = 'default';
/** Annotations of actions that have keys of their own. */
const MARKS = ['raw-http', 'final', 'conductor', 'feed'];

interface ProjectFiles {
  readonly manifest: string;
  readonly deployment?: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Inputs from the command line. */
  readonly parameters: JsonObject;
}

/** @throws {WhiskError} a file cannot be read, or says something that is not understood */
export async function readProject({ manifest, deployment, environment, parameters }: ProjectFiles): Promise<ProjectPlan> {
  const reader = new ProjectReader(dirname(manifest), new Environment(environment), parameters);
  return reader.read(await readYaml(manifest), deployment === undefined ? undefined : await readYaml(deployment));
}

async function readYaml(file: string): Promise<ManifestNode> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => { throw fileError(file, error); });
  let value: unknown;
  try {
    value = parseYaml(text);
  } catch (error) {
    throw new WhiskError(`'${file}' is not YAML: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  return new ManifestNode('', value as JsonValue);
}

class ProjectReader {
  readonly #directory: string;
  readonly #environment: Environment;
  readonly #parameters: JsonObject;

  constructor(directory: string, environment: Environment, parameters: JsonObject) {
    this.#directory = directory;
    this.#environment = environment;
    this.#parameters = parameters;
  }

  async read(manifest: ManifestNode, deployment: ManifestNode | undefined): Promise<ProjectPlan> {
    const overrides = deployment === undefined ? new Map<string, ManifestNode>() : new Map(packagesIn(deployment).map(([name, node]) => [this.#environment.text(name), node]));
    const packages = packagesIn(manifest);
    if (packages.length === 0) throw new WhiskError('the manifest names no packages');
    const steps: ProjectStep[] = [];
    for (const [written, node] of packages) {
      const name = this.#environment.text(written);
      steps.push(...await this.#package(name, node, overrides.get(name) ?? new ManifestNode('', undefined)));
    }
    return { steps: inOrder(steps), warnings: this.#environment.missing.map((name) => `the environment variable '${name}' is not set`) };
  }

  async #package(name: string, node: ManifestNode, override: ManifestNode): Promise<ProjectStep[]> {
    node.allow([...IGNORED, 'public', 'inputs', 'annotations', 'actions', 'sequences', 'triggers', 'rules', 'apis', 'dependencies', 'feeds']);
    if (node.has('feeds')) throw new WhiskError(`${node.where}: 'feeds' are not supported; write actions with the annotation 'feed', and triggers with 'feed'`);
    const prefix = name.toLowerCase() === DEFAULT_PACKAGE ? '' : `${name}/`;
    const steps: ProjectStep[] = [];
    if (prefix !== '') steps.push({ kind: 'package', name, body: { ...this.#described(node, override), ...(node.has('public') ? { publish: node.value('public') === true } : {}) } });
    for (const [key, dependency] of node.children('dependencies', 'dependency')) steps.push(this.#binding(key, dependency));
    for (const [key, action] of node.children('actions', 'action')) steps.push(await this.#action(`${prefix}${key}`, action, overrideOf(override, 'actions', key)));
    for (const [key, sequence] of node.children('sequences', 'sequence')) steps.push(this.#sequence(prefix, key, sequence, overrideOf(override, 'sequences', key)));
    for (const [key, trigger] of node.children('triggers', 'trigger')) steps.push(this.#trigger(this.#environment.text(key), trigger, overrideOf(override, 'triggers', key)));
    for (const [key, rule] of node.children('rules', 'rule')) steps.push(this.#rule(prefix, this.#environment.text(key), rule));
    return [...steps, ...apiSteps(prefix, node)];
  }

  #binding(name: string, node: ManifestNode): ProjectStep {
    node.allow([...IGNORED, 'location', 'inputs', 'annotations']);
    const location = this.#environment.text(node.text('location') ?? '');
    if (!/^\/[^/]+\/[^/]+$/.test(location)) {
      throw new WhiskError(`${node.where}: the location '${location}' is not a package of this platform (/NAMESPACE/PACKAGE); others are not fetched`);
    }
    const provider = parseQualifiedName(location, '_');
    return { kind: 'binding', name: this.#environment.text(name), body: { ...this.#described(node), binding: { namespace: provider.namespace, name: provider.name } } };
  }

  async #action(name: string, node: ManifestNode, override: ManifestNode): Promise<ProjectStep> {
    node.allow([...IGNORED, 'function', 'location', 'code', 'runtime', 'kind', 'main', 'docker', 'native', 'inputs', 'outputs', 'limits', 'annotations', 'web', 'web-export', 'web-secure', 'exposedUrl', ...MARKS]);
    const text = (key: string, field = key): object => node.has(key) ? { [field]: key === 'code' ? node.text(key) : this.#environment.text(node.text(key) ?? '') } : {};
    const exec = await functionExec({
      where: node.where, ...text('location', 'function'), ...text('function'), ...text('code'), ...text('kind', 'runtime'), ...text('runtime'), ...text('main'), ...text('docker'), native: node.value('native') === true,
    }, this.#directory);
    const limits = limitsOf(node.child('limits'));
    const marks = MARKS.filter((mark) => node.has(mark)).map((mark) => ({ key: mark, value: node.value(mark) === true }));
    const { annotations = [], ...described } = this.#described(node, override);
    const all = mergeAnnotations(annotations, marks);
    return { kind: 'action', name, body: { ...described, ...(all.length === 0 ? {} : { annotations: all }), exec, ...(Object.keys(limits).length === 0 ? {} : { limits }) } };
  }

  #sequence(prefix: string, name: string, node: ManifestNode, override: ManifestNode): ProjectStep {
    node.allow([...IGNORED, 'actions', 'annotations', 'inputs', 'web', 'web-export']);
    const listed = node.value('actions');
    const actions = Array.isArray(listed) ? listed.map(String) : (node.text('actions') ?? '').split(',');
    const components = actions.map((action) => qualified(prefix, this.#environment.text(action.trim())));
    if (components.some((component) => component === '')) throw new WhiskError(`${node.where}: 'actions' must name the actions of the sequence`);
    return { kind: 'action', name: `${prefix}${name}`, body: { ...this.#described(node, override), exec: { kind: 'sequence', components } } };
  }

  #trigger(name: string, node: ManifestNode, override: ManifestNode): ProjectStep {
    node.allow([...IGNORED, 'feed', 'source', 'inputs', 'annotations']);
    const feed = this.#environment.text(node.text('feed') ?? node.text('source') ?? '');
    const { parameters = [], annotations = [] } = this.#described(node, override);
    if (feed === '') return { kind: 'trigger', name, body: { ...(parameters.length === 0 ? {} : { parameters }), ...(annotations.length === 0 ? {} : { annotations }) } };
    // What is said to a trigger of a feed is for the feed.
    return {
      kind: 'trigger', name, body: { annotations: mergeAnnotations(annotations, [{ key: 'feed', value: feed.startsWith('/') ? feed : `/_/${feed}` }]) },
      feed: { name: feed, parameters: Object.fromEntries(parameters.map(({ key, value }) => [key, value])) },
    };
  }

  #rule(prefix: string, name: string, node: ManifestNode): ProjectStep {
    node.allow([...IGNORED, 'trigger', 'action', 'rule', 'annotations']);
    const trigger = this.#environment.text(node.text('trigger') ?? '');
    const action = this.#environment.text(node.text('action') ?? '');
    if (trigger === '' || action === '') throw new WhiskError(`${node.where}: 'trigger' and 'action' are required`);
    const { annotations } = this.#described(node);
    return { kind: 'rule', name, body: { trigger: trigger.startsWith('/') ? trigger : `/_/${trigger}`, action: qualified(prefix, action), ...(annotations === undefined ? {} : { annotations }) } };
  }

  /** Parameters and annotations of a thing, with what the deployment file says of it. */
  #described(node: ManifestNode, override = new ManifestNode('', undefined)): { parameters?: KeyValue[]; annotations?: KeyValue[] } {
    const known = node.object('inputs');
    const fromCommandLine = Object.fromEntries(Object.entries(this.#parameters).filter(([name]) => known[name] !== undefined));
    const parameters = keyValues(resolveInputs(node.where, known, { ...override.object('inputs'), ...fromCommandLine }, this.#environment));
    const written = { ...node.object('annotations'), ...override.object('annotations') };
    const web = node.text('web') ?? node.text('web-export');
    const secret = node.value('web-secure');
    const annotations = mergeAnnotations(
      keyValues(this.#environment.value(written) as JsonObject), web === undefined ? [] : webAnnotations(web),
      secret === undefined ? [] : [{ key: 'require-whisk-auth', value: this.#environment.value(secret) }],
    );
    return { ...(parameters.length === 0 ? {} : { parameters }), ...(annotations.length === 0 ? {} : { annotations }) };
  }
}

/** Under `project` or `application`, at the top, or the one that older manifests call `package`. */
function packagesIn(root: ManifestNode): [string, ManifestNode][] {
  root.allow(['project', 'application', 'packages', 'package']);
  for (const holder of [root, root.child('project'), root.child('application')]) {
    if (holder.has('packages')) return holder.children('packages', 'package');
    if (!holder.has('package')) continue;
    const one = holder.child('package');
    const name = one.text('name');
    if (name === undefined) throw new WhiskError(`${one.where}: 'name' is missing`);
    return [[name, one]];
  }
  return [];
}

function overrideOf(override: ManifestNode, collection: string, key: string): ManifestNode {
  return new ManifestNode(`deployment of '${key}'`, override.object(collection)[key]);
}

function limitsOf(node: ManifestNode): Limits {
  node.allow([...Object.values(LIMITS), 'memory', 'logs', 'concurrentActivations', 'userInvocationRate', 'codeSize', 'parameterSize']);
  const limits: Limits = {};
  for (const [limit, key] of Object.entries(LIMITS) as [keyof Limits, string][]) {
    const value = node.number(key) ?? node.number(limit);
    if (value !== undefined) limits[limit] = value;
  }
  return limits;
}

/** The full name of an action that a sequence or a rule names: in the same package unless it says otherwise. */
function qualified(prefix: string, action: string): string {
  if (action === '' || action.startsWith('/')) return action;
  return `/_/${action.includes('/') ? action : `${prefix}${action}`}`;
}

/** Packages first, sequences behind their components, rules and APIs behind what they name. */
function inOrder(steps: readonly ProjectStep[]): ProjectStep[] {
  const rank = (step: ProjectStep): number => ['package', 'binding', 'action', 'trigger', 'rule', 'api'].indexOf(step.kind) * 1000 + (step.kind === 'action' ? depth(step.name, steps, []) : 0);
  return steps.map((step) => ({ step, rank: rank(step) })).toSorted((a, b) => a.rank - b.rank).map(({ step }) => step);
}

/** How deep sequences of this plan are nested in an action. @throws {WhiskError} a sequence that holds itself */
function depth(name: string, steps: readonly ProjectStep[], above: readonly string[]): number {
  if (above.includes(name)) throw new WhiskError(`sequence '${name}' refers to itself`);
  const step = steps.find((one) => one.kind === 'action' && one.name === name);
  if (step?.kind !== 'action') return 0;
  const depths = (step.body.exec.components ?? []).map((component) => 1 + depth(component.replace(/^\/_\//, ''), steps, [...above, name]));
  return Math.max(0, ...depths);
}
