/**
 * OpenWhisk's own description of its REST API (apiv1swagger.json, not part of this project), as a judge of answers.
 * Where OpenWhisk itself does otherwise than it says, `DEPARTURES` tells what it does and clients rely on.
 */
import { readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';

/** Path of the document; without it nothing can be judged. */
export const DOCUMENT_VARIABLE = 'HPCWHISK_OPENWHISK_DOCUMENT';

export interface Answer {
  method: string;
  /** Below `/api/v1`, without the query. */
  path: string;
  query: URLSearchParams;
  status: number;
  contentType: string;
  body: string;
}

interface Departure {
  /** What OpenWhisk does, in words. */
  readonly what: string;
  readonly holds: (answer: Answer, complaint: string) => boolean;
}

const collection = (answer: Answer): string => answer.path.split('/')[3] ?? '';
const ownKinds = /\/exec\/kind must be equal to one of the allowed values/;

const DEPARTURES: readonly Departure[] = [
  { what: 'The kinds in the document are those of one release; which there are is what GET / of a deployment says.', holds: (_, complaint) => ownKinds.test(complaint) },
  { what: 'A list with `count=true` is answered with an object, `{"actions": 3}`, not with an array.', holds: ({ query, method }) => method === 'GET' && query.has('count') },
  { what: 'A path that does not exist is answered with 404 and a method that does not with 405, everywhere.', holds: ({ status }) => status === 404 || status === 405 },
  { what: 'Malformed requests are answered with 400, requests too large with 413 or 414, other content types with 415, everywhere.', holds: ({ status }) => [400, 413, 414, 415].includes(status) },
  { what: 'What the caller may not see is answered with 403, everywhere.', holds: ({ status }) => status === 403 },
  { what: 'A platform that takes nothing more, or has no invoker, answers with 503, everywhere.', holds: ({ status }) => status === 503 },
  { what: 'Too many requests are answered with 429, everywhere.', holds: ({ status }) => status === 429 },
  { what: 'A name held by an entity of another kind is answered with 409 on GET and DELETE, too.', holds: ({ status }) => status === 409 },
  { what: 'A blocking invocation with result=true is answered with the bare result, an array even without.', holds: (answer) => answer.method === 'POST' && collection(answer) === 'actions' && (answer.query.has('result') || answer.body.startsWith('[')) },
  { what: 'A failed blocking invocation is answered with 502 and the activation, or 500 where the platform failed.', holds: (answer) => answer.method === 'POST' && collection(answer) === 'actions' && (answer.status === 502 || answer.status === 500) },
  { what: 'DELETE is answered with the entity that was deleted.', holds: ({ method, status }) => method === 'DELETE' && status === 200 },
  { what: 'A package that is no binding has `binding: {}` (in lists `false`), not a name and a namespace.', holds: (answer, complaint) => collection(answer) === 'packages' && complaint.includes('/binding') },
  { what: 'OPTIONS and HEAD are answered on every path.', holds: ({ method }) => method === 'OPTIONS' || method === 'HEAD' },
  { what: 'GET /namespaces/{ns}/actions/{package}/ lists the actions of a package.', holds: ({ path }) => /^\/namespaces\/[^/]+\/actions\/[^/]+\/$/.test(path) },
];

interface Operation { responses: Readonly<Record<string, { $ref?: string; schema?: object }>> }
interface SwaggerDocument {
  paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  definitions: object;
  responses: Readonly<Record<string, { schema?: object }>>;
}

export class OpenWhiskDocument {
  readonly #ajv = new Ajv({ strict: false, validateFormats: false, logger: false });
  readonly #document: SwaggerDocument;
  readonly #paths: readonly { pattern: RegExp; template: string }[];
  readonly #compiled = new Map<object, ValidateFunction>();
  /** Departures of OpenWhisk that answers have shown. */
  readonly seen = new Set<string>();

  constructor(file: string) {
    this.#document = JSON.parse(readFileSync(file, 'utf8')) as SwaggerDocument;
    this.#ajv.addSchema({ $id: 'document', ...this.#document });
    this.#paths = Object.keys(this.#document.paths).map((template) => ({
      template, pattern: new RegExp(`^${template.replaceAll('.', String.raw`\.`).replaceAll(/\{[^}]+\}/g, '[^/]+')}/?$`),
    }));
  }

  /** @returns what is wrong with an answer, or undefined */
  complaint(answer: Answer): string | undefined {
    // What web actions answer is theirs.
    if (answer.path.startsWith('/web/')) return undefined;
    const wrong = this.#judge(answer);
    if (wrong === undefined) return undefined;
    const departure = DEPARTURES.find(({ holds }) => holds(answer, wrong));
    if (departure === undefined) return `${answer.method} ${answer.path}?${answer.query.toString()} ${answer.status}: ${wrong}: ${answer.body.slice(0, 500)}`;
    this.seen.add(departure.what);
    return undefined;
  }

  #judge({ method, path, status, contentType, body }: Answer): string | undefined {
    if (status >= 400 && !contentType.startsWith('application/json')) return `content type ${contentType}`;
    const found = this.#paths.find(({ pattern }) => pattern.test(path));
    if (found === undefined) return 'a path that the document does not have';
    const operation = this.#document.paths[found.template]?.[method.toLowerCase()];
    if (operation === undefined) return `${found.template} has no ${method} in the document`;
    const named = operation.responses[String(status)] ?? operation.responses['default'];
    if (named === undefined) return `${method} ${found.template} has no ${status} in the document`;
    const response = named.$ref === undefined ? named : this.#document.responses[named.$ref.split('/').at(-1) ?? ''];
    if (response?.schema === undefined) return undefined;
    let json: unknown;
    try {
      json = JSON.parse(body);
    } catch {
      return 'no JSON';
    }
    const validate = this.#validator(response.schema);
    return validate(json) ? undefined : this.#ajv.errorsText(validate.errors);
  }

  #validator(schema: object): ValidateFunction {
    const known = this.#compiled.get(schema);
    if (known !== undefined) return known;
    const text = JSON.stringify(schema).replaceAll('"#/definitions/', '"document#/definitions/');
    const compiled = this.#ajv.compile(JSON.parse(text) as object);
    this.#compiled.set(schema, compiled);
    return compiled;
  }
}
