/** The OpenAPI 3.1 document of the API: the routes that exist, in the words of operations.ts. */
import type { TSchema } from 'typebox';
import type { Operation, Parameter, Resource } from './operations.ts';
import { RESOURCES } from './operations.ts';
import { ANSWERS } from './answer-schemas.ts';

export interface Route {
  method: string;
  url: string;
}

interface DescribedOperation {
  operationId: string;
  summary?: string;
  tags?: string[];
  parameters?: object[];
  requestBody?: object;
  responses: Record<string, object>;
  security?: object[];
}

export interface OpenApiDocument {
  openapi: '3.1.0';
  info: { title: string; version: string; description: string };
  servers: { url: string }[];
  tags: { name: string }[];
  paths: Record<string, Record<string, DescribedOperation>>;
  components: object;
}

const SECURITY = { key: [{ key: [] }], admin: [{ admin: [] }], none: [] } as const;

/** Methods that come with every GET, and those that browsers ask; documented only where an action answers them. */
const IMPLIED: ReadonlySet<string> = new Set(['HEAD', 'OPTIONS']);

export function openApiDocument(routes: readonly Route[], version: string): OpenApiDocument {
  const paths: OpenApiDocument['paths'] = {};
  for (const { method, url } of routes) {
    const resource = resourceOf(url);
    const operation = resource?.operations[method];
    if (operation === undefined && IMPLIED.has(method)) continue;
    // A route that nobody has described is told of all the same.
    for (const path of resource?.paths ?? [url]) {
      const operations = paths[path] ??= {};
      operations[method.toLowerCase()] ??= describe(method, path, resource, operation);
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'HPC-Whisk', version,
      description: 'OpenWhisk\'s REST API v1 as this platform serves it. `_` in place of a namespace is the caller\'s own.',
    },
    servers: [{ url: '/' }],
    tags: [...new Set([...RESOURCES.values()].map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: { ...ANSWERS, ...bodies() },
      securitySchemes: {
        key: { type: 'http', scheme: 'basic', description: 'Uuid and key of a namespace.' },
        admin: { type: 'http', scheme: 'bearer', description: 'The administrator\'s token, in the state directory.' },
      },
    },
  };
}

/** A slash at the end of a URL is one more way to write it, unless it means something else. */
function resourceOf(url: string): Resource | undefined {
  return RESOURCES.get(url) ?? RESOURCES.get(url.replace(/\/$/, ''));
}

function describe(method: string, path: string, resource: Resource | undefined, operation: Operation | undefined): DescribedOperation {
  const operationId = `${method.toLowerCase()}${path.replaceAll(/[^A-Za-z0-9]+/g, '_').replace(/_$/, path.endsWith('/') && path !== '/' ? '_list' : '')}`;
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: { type: 'string' } }));
  if (resource === undefined || operation === undefined) return { operationId, ...(inPath.length === 0 ? {} : { parameters: inPath }), responses: { default: { description: 'An answer' } } };
  const { summary, query = [], body, answers } = operation;
  const parameters = [...inPath, ...query.map(queryParameter)];
  return {
    operationId, summary, tags: [resource.tag],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { content: json(reference(body.name)) } }),
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, answerOf(answer)])),
      default: { description: 'A refusal', content: json(reference('Error')) },
    },
    security: [...SECURITY[resource.security]],
  };
}

function queryParameter({ name, description, schema }: Parameter): object {
  return { name, in: 'query', description, schema };
}

function answerOf(answer: Operation['answers'][number]): object {
  if (answer === null) return { description: 'No content' };
  if (typeof answer === 'string') return { description: answer, content: json(reference(answer)) };
  if ('type' in answer) return { description: 'Content', content: { [answer.type]: {} } };
  const list = { type: 'array', items: reference(answer.listOf) };
  const { count } = answer;
  const counted = count === undefined ? [] : [{ type: 'object', properties: { [count]: { type: 'integer' } }, required: [count] }];
  return { description: `List of ${answer.listOf}`, content: json({ anyOf: [list, ...counted] }) };
}

function json(schema: object): object {
  return { 'application/json': { schema } };
}

function reference(name: string): object {
  return { $ref: `#/components/schemas/${name}` };
}

function bodies(): Record<string, TSchema> {
  const named = [...RESOURCES.values()].flatMap(({ operations }) => Object.values(operations)).flatMap(({ body }) => (body === undefined ? [] : [body]));
  return Object.fromEntries(named.map(({ name, schema }) => [name, schema]));
}
