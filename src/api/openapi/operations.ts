/**
 * Every operation of the API in words, by the URL of its route. Request bodies are the schemas that check them. What
 * stands here without a route, or has a route and does not stand here, fails the test beside it.
 */
import { Type } from 'typebox';
import type { TSchema } from 'typebox';
import { ActionBody } from '../action-put.ts';
import { PackageBody } from '../packages.ts';
import { RuleBody } from '../rules.ts';
import { TriggerBody } from '../triggers.ts';
import type { AnswerName } from './answer-schemas.ts';

type Answer = AnswerName | { listOf: AnswerName; count?: string };

export interface Parameter {
  name: string;
  description: string;
  schema: TSchema;
}

export interface Operation {
  summary: string;
  query?: readonly Parameter[];
  /** Name and schema of the JSON body. */
  body?: { name: string; schema: TSchema };
  /** By status; `null`: no body, text: the content type of one that is no JSON. */
  answers: Readonly<Record<number, Answer | null | { type: string }>>;
}

export interface Resource {
  /** As the document shows it. */
  paths: readonly string[];
  tag: string;
  /** Who may ask. */
  security: 'key' | 'none' | 'admin';
  operations: Readonly<Record<string, Operation>>;
}

const flag = (name: string, description: string, standard: boolean): Parameter => ({ name, description, schema: Type.Boolean({ default: standard }) });
const LIMIT: Parameter = { name: 'limit', description: 'How many at most; 0 stands for the highest.', schema: Type.Integer({ minimum: 0, maximum: 200, default: 30 }) };
const SKIP: Parameter = { name: 'skip', description: 'How many to leave out at the beginning.', schema: Type.Integer({ minimum: 0, default: 0 }) };
const COUNT = flag('count', 'Answer only how many there are.', false);
const OVERWRITE = flag('overwrite', 'Change what is there.', false);
const PAGE = [LIMIT, SKIP, COUNT];
const INVOKE = [
  flag('blocking', 'Wait for the activation.', false),
  flag('result', 'Answer the result instead of the whole activation.', false),
  { name: 'timeout', description: 'The longest wait, ms.', schema: Type.Integer({ minimum: 1, maximum: 60_000, default: 60_000 }) },
];
const PAYLOAD = { name: 'Payload', schema: Type.Object({}, { description: 'Arguments, over the parameters of action, package and binding.' }) };
const NAMESPACE = '/api/v1/namespaces/:ns';
const SHOWN_NAMESPACE = '/api/v1/namespaces/{namespace}';

const invoke: Operation = {
  summary: 'Invoke an action', query: INVOKE, body: PAYLOAD,
  answers: { 200: 'Any', 202: 'ActivationId', 500: 'Any', 502: 'Any' },
};

const actionOperations: Resource['operations'] = {
  GET: { summary: 'Read an action', query: [flag('code', 'With its code.', true)], answers: { 200: 'Action' } },
  PUT: { summary: 'Create or change an action', query: [OVERWRITE], body: { name: 'ActionPut', schema: ActionBody }, answers: { 200: 'Action' } },
  DELETE: { summary: 'Delete an action', answers: { 200: 'Action' } },
  POST: invoke,
};

const webOperations = (summary: string): Resource['operations'] => Object.fromEntries(
  ['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'].map((method) => [method, { summary: `${summary} with ${method}`, answers: { 200: { type: '*/*' }, 202: 'Error', 204: null } }]),
);

const managed = (answer: AnswerName, summary: string): Resource['operations'] => Object.fromEntries(
  ['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'].map((method) => [method, { summary: `${summary} (called with ${method})`, answers: { 200: answer, 502: 'Error' } }]),
);

const own = (path: string, tag: string, operations: Resource['operations']): [string, Resource] => [
  `${NAMESPACE}${path}`,
  {
    paths: [`${SHOWN_NAMESPACE}${path.replaceAll(/:(\w+)/g, '{$1}')}`], tag, security: 'key', operations,
  },
];

const open = (path: string, operations: Resource['operations'], security: Resource['security'] = 'none'): [string, Resource] => [path, { paths: [path], tag: 'Platform', security, operations }];

/** By the URL of the route, as fastify has it. */
export const RESOURCES: ReadonlyMap<string, Resource> = new Map<string, Resource>([
  open('/', { GET: { summary: 'What the platform is: limits and kinds of actions', answers: { 200: 'Platform' } } }),
  open('/api/v1', { GET: { summary: 'Which version of the API this is', answers: { 200: 'Version' } } }),
  open('/api/v1/api-docs', { GET: { summary: 'This document', answers: { 200: 'Any' } } }),
  open('/api/v1/docs', { GET: { summary: 'This document as a page', answers: { 200: { type: 'text/html' } } } }),
  open('/ping', { GET: { summary: 'Whether the controller answers', answers: { 200: { type: 'text/plain' } } } }),
  open('/invokers', { GET: { summary: 'Invokers and their states', answers: { 200: 'Any' } } }),
  open('/invokers/healthy/count', { GET: { summary: 'How many invokers take work', answers: { 200: 'Any' } } }),
  open('/invokers/ready', { GET: { summary: 'Whether any invoker takes work', answers: { 200: 'Any', 500: 'Any' } } }),
  open('/status', { GET: { summary: 'What `hpcwhisk status` shows', answers: { 200: 'Any' } } }, 'admin'),
  open('/admin/accounts', { POST: { summary: 'Change subjects, keys and limits, as `hpcwhisk user` does', answers: { 200: 'Any' } } }, 'admin'),

  ['/api/v1/namespaces', {
    paths: ['/api/v1/namespaces'], tag: 'Namespaces', security: 'key',
    operations: { GET: { summary: 'The namespace that the key opens', answers: { 200: 'Namespaces' } } },
  }],
  own('/limits', 'Namespaces', { GET: { summary: 'What the namespace may not exceed', answers: { 200: 'Limits' } } }),

  own('/actions', 'Actions', { GET: { summary: 'List actions', query: PAGE, answers: { 200: { listOf: 'ActionSummary', count: 'actions' } } } }),
  own('/actions/:name', 'Actions', actionOperations),
  own('/actions/:package/', 'Actions', { GET: { summary: 'List the actions of a package', query: PAGE, answers: { 200: { listOf: 'ActionSummary', count: 'actions' } } } }),
  own('/actions/:package/:name', 'Actions', actionOperations),

  own('/packages', 'Packages', { GET: { summary: 'List packages', query: PAGE, answers: { 200: { listOf: 'PackageSummary', count: 'packages' } } } }),
  own('/packages/:name', 'Packages', {
    GET: { summary: 'Read a package', answers: { 200: 'PackageWithActions' } },
    PUT: { summary: 'Create or change a package or binding', query: [OVERWRITE], body: { name: 'PackagePut', schema: PackageBody }, answers: { 200: 'Package' } },
    DELETE: { summary: 'Delete a package', query: [flag('force', 'With the actions in it.', false)], answers: { 200: 'Package' } },
  }),

  own('/triggers', 'Triggers', { GET: { summary: 'List triggers', query: PAGE, answers: { 200: { listOf: 'TriggerSummary', count: 'triggers' } } } }),
  own('/triggers/:name', 'Triggers', {
    GET: { summary: 'Read a trigger', answers: { 200: 'Trigger' } },
    PUT: { summary: 'Create or change a trigger', query: [OVERWRITE], body: { name: 'TriggerPut', schema: TriggerBody }, answers: { 200: 'Trigger' } },
    DELETE: { summary: 'Delete a trigger', answers: { 200: 'Trigger' } },
    POST: { summary: 'Fire a trigger', body: PAYLOAD, answers: { 202: 'ActivationId', 204: null } },
  }),

  own('/rules', 'Rules', { GET: { summary: 'List rules', query: PAGE, answers: { 200: { listOf: 'RuleSummary', count: 'rules' } } } }),
  own('/rules/:name', 'Rules', {
    GET: { summary: 'Read a rule', answers: { 200: 'Rule' } },
    PUT: { summary: 'Create or change a rule', query: [OVERWRITE], body: { name: 'RulePut', schema: RuleBody }, answers: { 200: 'Rule' } },
    DELETE: { summary: 'Delete a rule', answers: { 200: 'Rule' } },
    POST: {
      summary: 'Activate or deactivate a rule', answers: { 200: 'Rule' },
      body: { name: 'RuleStatus', schema: Type.Object({ status: Type.Union([Type.Literal('active'), Type.Literal('inactive')]) }) },
    },
  }),

  own('/activations', 'Activations', {
    GET: {
      summary: 'List activations', answers: { 200: { listOf: 'ActivationSummary', count: 'activations' } },
      query: [
        ...PAGE, flag('docs', 'Whole activations instead of summaries.', false),
        { name: 'name', description: 'Of this action only: `action` or `package/action`.', schema: Type.String() },
        { name: 'since', description: 'Started at this time or later, epoch ms.', schema: Type.Integer() },
        { name: 'upto', description: 'Started at this time or earlier, epoch ms.', schema: Type.Integer() },
      ],
    },
  }),
  own('/activations/:id', 'Activations', { GET: { summary: 'Read an activation', answers: { 200: 'Activation' } } }),
  own('/activations/:id/logs', 'Activations', { GET: { summary: 'Read what an activation has printed', answers: { 200: 'ActivationLogs' } } }),
  own('/activations/:id/result', 'Activations', { GET: { summary: 'Read the result of an activation', answers: { 200: 'ActivationResponse' } } }),

  ['/api/v1/web/*', {
    paths: ['/api/v1/web/{namespace}/{package}/{action}'], tag: 'Web actions', security: 'none', operations: webOperations('Call a web action'),
  }],
  ['/api/v1/web/whisk.system/apimgmt/*', {
    paths: ['/api/v1/web/whisk.system/apimgmt/{managementAction}'], tag: 'APIs', security: 'key',
    operations: managed('Any', 'createApi, getApi or deleteApi: manage the APIs of a namespace'),
  }],
  ['/api/*', { paths: ['/api/{namespace}/{path}'], tag: 'APIs', security: 'none', operations: webOperations('Call an API that a namespace has created') }],
]);
