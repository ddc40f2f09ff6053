/** Every refusal: status, OpenWhisk's exact text, and the request's id as code. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { Overloaded } from '../dispatch/dispatch.ts';
import { MAX_CODE_BYTES, MAX_PARAMETER_BYTES, MAX_PAYLOAD_BYTES, MAX_REQUEST_BYTES } from '../domain/limits.ts';
import { RUNTIME_KINDS } from '../runtimes/kinds.ts';
import { RevisionConflict, StoreUnavailable } from '../store/store.ts';
import type { ApiUnderTest } from './api-harness.test.ts';
import { AUTH, OTHER, startApi } from './api-harness.test.ts';

let api: ApiUnderTest;
before(async () => {
  api = await startApi();
  await api.action('hello', 'function main() { return {}; }');
  await api.action('fixed', 'function main() { return {}; }', {
    parameters: [{ key: 'set', value: 1 }, { key: 'open', value: null }], annotations: [{ key: 'final', value: true }],
  });
});
after(async () => { await api.close(); });

interface Case {
  method?: string;
  /** Below /api/v1/namespaces unless it begins with a slash. */
  path: string;
  body?: string | object;
  type?: string;
  auth?: string | null;
  status: number;
  text: string | RegExp;
}

const exec = (more: object = {}): object => ({ exec: { kind: 'nodejs:24', code: 'function main() {}' }, ...more });
const limits = (given: object): object => exec({ limits: given });
const basic = (credentials: string): string => `Basic ${Buffer.from(credentials).toString('base64')}`;
const NOT_FOUND = 'The requested resource does not exist.';
const NO_ROUTE = 'The requested resource could not be found.';
const ILLEGAL_NAME = 'The name of the entity contains illegal characters.';
const INVALID_AUTH = 'The supplied authentication is invalid';
const MISSING_AUTH = 'The resource requires authentication, which was not supplied with the request';

const CASES: Record<string, Case> = {
  'no key': { path: '_/actions', auth: null, status: 401, text: MISSING_AUTH },
  'another scheme': { path: '_/actions', auth: 'Bearer abc', status: 401, text: MISSING_AUTH },
  'a wrong key': { path: '_/actions', auth: basic(`${OTHER.uuid}:${'x'.repeat(64)}`), status: 401, text: INVALID_AUTH },
  'a key of another length': { path: '_/actions', auth: basic(`${OTHER.uuid}:x`), status: 401, text: INVALID_AUTH },
  'an unknown uuid': { path: '_/actions', auth: basic(`nobody:${'o'.repeat(64)}`), status: 401, text: INVALID_AUTH },
  'credentials without a colon': { path: '_/actions', auth: basic('nonsense'), status: 401, text: INVALID_AUTH },
  'credentials that are not base64': { path: '_/actions', auth: 'Basic !!!', status: 401, text: INVALID_AUTH },
  'a wrong key is refused before the body is looked at': { method: 'PUT', path: '_/actions/a', auth: null, body: '{', status: 401, text: MISSING_AUTH },

  'another namespace\'s actions': { path: 'other/actions', status: 403, text: "The supplied authentication is not authorized to access 'other'." },
  'another namespace\'s action': { path: 'other/actions/a', status: 403, text: "The supplied authentication is not authorized to access 'other/a'." },
  'another namespace\'s packaged action': { path: 'other/actions/p/a', status: 403, text: "The supplied authentication is not authorized to access 'other/p'." },
  'writing to another namespace': { method: 'PUT', path: 'other/actions/a', body: exec(), status: 403, text: "The supplied authentication is not authorized to access 'other/a'." },
  'calling in another namespace': { method: 'POST', path: 'other/actions/a', body: {}, status: 403, text: "The supplied authentication is not authorized to access 'other/a'." },
  'another namespace\'s activations': { path: 'other/activations', status: 403, text: "The supplied authentication is not authorized to access 'other'." },
  'a namespace with illegal characters': { path: 'a%2Fb/actions', status: 400, text: 'The namespace contains illegal characters.' },
  'a namespace that is too long': { path: `${'n'.repeat(257)}/actions`, status: 400, text: 'Namespace longer than allowed: 257 > 256.' },

  'a path that is none': { path: '/nowhere', auth: null, status: 404, text: NO_ROUTE },
  'a path that is none in the API': { path: '/api/v1/nowhere', status: 404, text: NO_ROUTE },
  'a path that is none in the API, without a key': { path: '/api/v1/nowhere', auth: null, status: 401, text: MISSING_AUTH },
  'a collection that is none': { path: '_/gadgets', status: 404, text: NO_ROUTE },
  'a method that is none': { method: 'PATCH', path: '_/actions/hello', body: {}, status: 405, text: 'HTTP method not allowed, supported methods: GET, PUT, DELETE, POST' },
  'POST on a collection': { method: 'POST', path: '_/actions', body: {}, status: 405, text: 'HTTP method not allowed, supported methods: GET' },
  'DELETE of an activation': { method: 'DELETE', path: `_/activations/${'0'.repeat(32)}`, status: 405, text: 'HTTP method not allowed, supported methods: GET' },
  'a URL that cannot be decoded': { path: '_/actions/%zz', status: 400, text: /^Illegal request-target/ },
  'a URL that is too long': { path: `_/actions/${'a'.repeat(8192)}`, status: 414, text: 'URI length exceeds the configured limit of 8192 characters' },

  'an action that is none': { path: '_/actions/none', status: 404, text: NOT_FOUND },
  'deleting what is not there': { method: 'DELETE', path: '_/actions/none', status: 404, text: NOT_FOUND },
  'calling what is not there': { method: 'POST', path: '_/actions/none', body: {}, status: 404, text: NOT_FOUND },
  'an action in a package that is none': { path: '_/actions/p/a', status: 404, text: NOT_FOUND },
  'calling an action in a package that is none': { method: 'POST', path: '_/actions/p/a', body: {}, status: 404, text: NOT_FOUND },
  'creating an action in a package that is none': { method: 'PUT', path: '_/actions/p/a', body: exec(), status: 404, text: NOT_FOUND },
  'the actions of a package that is none': { path: '_/actions/p/', status: 404, text: NOT_FOUND },
  'a name with illegal characters': { path: '_/actions/a$b', status: 400, text: ILLEGAL_NAME },
  'a name with a slash in it': { path: '_/actions/a%2Fb', status: 400, text: ILLEGAL_NAME },
  'a name that ends in a space': { path: '_/actions/a%20', status: 400, text: ILLEGAL_NAME },
  'a name with a line feed at its end': { path: '_/actions/a%0A', status: 400, text: ILLEGAL_NAME },
  'a name that is too long': { path: `_/actions/${'a'.repeat(257)}`, status: 400, text: 'Name segement longer than allowed: 257 > 256.' },

  'a namespace and a name that are too long': { path: `${'a'.repeat(257)}/actions/${'a'.repeat(257)}`, status: 400, text: 'Namespace longer than allowed: 257 > 256.' },

  'creating what exists': { method: 'PUT', path: '_/actions/hello', body: exec(), status: 409, text: 'resource already exists' },
  'creating without code': { method: 'PUT', path: '_/actions/new', body: {}, status: 400, text: 'exec undefined' },
  'creating without a body': { method: 'PUT', path: '_/actions/new', status: 400, text: /^The request content was malformed:\n/ },
  'broken JSON': { method: 'PUT', path: '_/actions/new', body: '{"exec":', status: 400, text: /^The request content was malformed:\n/ },
  'JSON that is nested too deeply': { method: 'POST', path: '_/actions/hello', body: `{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`, status: 400, text: /^The request content was malformed:\nJSON input was nested more deeply/ },
  'JSON that is no object': { method: 'PUT', path: '_/actions/new', body: '[1]', status: 400, text: /^The request content was malformed:\n/ },
  'code of another content type': { method: 'PUT', path: '_/actions/new', body: 'x', type: 'text/plain', status: 415, text: "The request's Content-Type [text/plain] is not supported. Expected:\napplication/json" },
  'a content type that is none': { method: 'PUT', path: '_/actions/new', body: '{}', type: 'nonsense', status: 415, text: "The request's Content-Type [nonsense] is not supported. Expected:\napplication/json" },
  'an unknown kind': { method: 'PUT', path: '_/actions/new', body: { exec: { kind: 'cobol:1', code: '' } }, status: 400, text: `The request content was malformed:\nThe specified runtime 'cobol:1' is not supported by this platform. Valid values are: ${RUNTIME_KINDS.map(({ kind }) => `'${kind}'`).join(', ')}.` },
  'a kind that is no text': { method: 'PUT', path: '_/actions/new', body: { exec: { kind: 1, code: '' } }, status: 400, text: 'The request content was malformed:\n\'kind\' must be a string defined in \'exec\'' },
  'a kind without code': { method: 'PUT', path: '_/actions/new', body: { exec: { kind: 'nodejs:24' } }, status: 400, text: "The request content was malformed:\n'code' must be a string or attachment object defined in 'exec' for 'nodejs:24' actions" },
  'an archive that is none': { method: 'PUT', path: '_/actions/new', body: { exec: { kind: 'nodejs:24', code: 'bm8gemlw', binary: true } }, status: 400, text: "The request content was malformed:\n'code' is binary (base64) but neither a zip nor a tar.gz archive" },
  'an archive cut short': { method: 'PUT', path: '_/actions/new', body: { exec: { kind: 'nodejs:24', code: Buffer.from('PK\x03\x04 and so on').toString('base64'), binary: true } }, status: 400, text: /neither a zip/ },
  'parameters that are no list': { method: 'PUT', path: '_/actions/new', body: exec({ parameters: { a: 1 } }), status: 400, text: 'The request content was malformed:\nparameters must be array' },
  'a parameter without a key': { method: 'PUT', path: '_/actions/new', body: exec({ parameters: [{ value: 1 }] }), status: 400, text: /^The request content was malformed:\nparameters.0 must have required properties key/ },
  'a version that is none': { method: 'PUT', path: '_/actions/new', body: exec({ version: 'one' }), status: 400, text: 'The request content was malformed:\nsemantic version malformed' },
  'memory above the limit': { method: 'PUT', path: '_/actions/new', body: limits({ memory: 1024 }), status: 400, text: 'memory size 1024 MB exceeds allowed threshold of 512 MB' },
  'memory below the limit': { method: 'PUT', path: '_/actions/new', body: limits({ memory: 1 }), status: 400, text: 'memory size 1 MB below allowed threshold of 128 MB' },
  'a time limit above the limit': { method: 'PUT', path: '_/actions/new', body: limits({ timeout: 300_001 }), status: 400, text: 'duration 300001 milliseconds exceeds allowed threshold of 5 minutes' },
  'a time limit below the limit': { method: 'PUT', path: '_/actions/new', body: limits({ timeout: 1 }), status: 400, text: 'duration 1 milliseconds below allowed threshold of 100 milliseconds' },
  'logs above the limit': { method: 'PUT', path: '_/actions/new', body: limits({ logs: 11 }), status: 400, text: 'log size 11 MB exceeds allowed threshold of 10 MB' },
  'concurrency above the limit': { method: 'PUT', path: '_/actions/new', body: limits({ concurrency: 5 }), status: 400, text: 'concurrency 5 exceeds allowed threshold of 1' },
  'half a megabyte of memory': { method: 'PUT', path: '_/actions/new', body: limits({ memory: 128.5 }), status: 400, text: 'The request content was malformed:\nlimits.memory must be integer' },
  'parameters that are too large': { method: 'PUT', path: '_/actions/new', body: exec({ parameters: [{ key: 'k', value: 'v'.repeat(MAX_PARAMETER_BYTES) }] }), status: 413, text: `parameters larger than allowed: ${MAX_PARAMETER_BYTES + 3} > ${MAX_PARAMETER_BYTES} bytes.` },
  'annotations that are too large': { method: 'PUT', path: '_/actions/new', body: exec({ annotations: [{ key: 'k', value: 'v'.repeat(MAX_PARAMETER_BYTES) }] }), status: 413, text: `annotations larger than allowed: ${MAX_PARAMETER_BYTES + 3} > ${MAX_PARAMETER_BYTES} bytes.` },
  'code that is too large': { method: 'PUT', path: '_/actions/new', body: { exec: { kind: 'nodejs:24', code: ' '.repeat(MAX_CODE_BYTES + 1) } }, status: 413, text: `exec larger than allowed: ${MAX_CODE_BYTES + 1} > ${MAX_CODE_BYTES} bytes.` },
  'a request that is too large': { method: 'PUT', path: '_/actions/new', body: ' '.repeat(MAX_REQUEST_BYTES + 1), status: 413, text: `Request larger than allowed: ${MAX_REQUEST_BYTES + 1} > ${MAX_REQUEST_BYTES} bytes.` },

  'a payload that is too large': { method: 'POST', path: '_/actions/hello', body: ' '.repeat(MAX_PAYLOAD_BYTES + 1), status: 413, text: `Request larger than allowed: ${MAX_PAYLOAD_BYTES + 1} > ${MAX_PAYLOAD_BYTES} bytes.` },
  'a payload that is no object': { method: 'POST', path: '_/actions/hello', body: '[]', status: 400, text: 'The request content was malformed:\nObject expected' },
  'a payload of another content type': { method: 'POST', path: '_/actions/hello', body: 'a=1', type: 'application/x-www-form-urlencoded', status: 415, text: /^The request's Content-Type \[application\/x-www-form-urlencoded\] is not supported/ },
  'a payload that sets a final parameter': { method: 'POST', path: '_/actions/fixed', body: { set: 2 }, status: 400, text: 'Request defines parameters that are not allowed (e.g., reserved properties).' },
  'a wait that is too long': { method: 'POST', path: '_/actions/hello?blocking=true&timeout=60001', body: {}, status: 400, text: "The query parameter 'timeout' was malformed:\nTimeout must be number of milliseconds up to 60000." },
  'a wait that is no number': { method: 'POST', path: '_/actions/hello?timeout=soon', body: {}, status: 400, text: "The query parameter 'timeout' was malformed:\nTimeout must be number of milliseconds up to 60000." },
  'a flag that is none': { method: 'POST', path: '_/actions/hello?blocking=maybe', body: {}, status: 400, text: "The query parameter 'blocking' was malformed:\n'maybe' is not a valid Boolean value" },

  'a limit that is too high': { path: '_/actions?limit=201', status: 400, text: "The query parameter 'limit' was malformed:\nThe value '201' is not in the range of 0 to 200 for actions." },
  'a limit below zero': { path: '_/activations?limit=-1', status: 400, text: "The query parameter 'limit' was malformed:\nThe value '-1' is not in the range of 0 to 200 for activations." },
  'a limit that is no number': { path: '_/actions?limit=many', status: 400, text: "The query parameter 'limit' was malformed:\nThe value 'many' is not an integer for actions." },
  'a limit that is no integer': { path: '_/actions?limit=1.5', status: 400, text: "The query parameter 'limit' was malformed:\nThe value '1.5' is not an integer for actions." },
  'a skip below zero': { path: '_/activations?skip=-1', status: 400, text: "The query parameter 'skip' was malformed:\nThe value '-1' is not greater than or equal to 0 for activations." },
  'a skip that no list has': { path: '_/activations?skip=99999999999', status: 400, text: "The query parameter 'skip' was malformed:\nThe value '99999999999' is not an integer for activations." },
  'docs with count': { path: '_/activations?docs=true&count=true', status: 400, text: "The parameter 'docs' is not permitted with 'count'." },
  'a time that is none': { path: '_/activations?since=yesterday', status: 400, text: "The query parameter 'since' was malformed:\nParameter is not a valid value for epoch seconds: yesterday" },
  'a name filter with three parts': { path: '_/activations?name=a/b/c', status: 400, text: "The query parameter 'name' was malformed:\nParameter may be a 'simple' name or 'package-name/simple' name: a/b/c" },
  'an activation id that is too short': { path: '_/activations/abc', status: 400, text: 'Activation id length is 3 but must be 32.' },
  'an activation id that is no hex': { path: `_/activations/${'g'.repeat(32)}`, status: 400, text: 'The activation id is not valid.' },
  'an activation that is none': { path: `_/activations/${'0'.repeat(32)}`, status: 404, text: NOT_FOUND },
  'the logs of an activation that is none': { path: `_/activations/${'0'.repeat(32)}/logs`, status: 404, text: NOT_FOUND },
};

/** `GET /namespaces/{ns}/actions/{name}: `; nothing for paths that stand for no operation. */
function operationOf({ method = 'GET', path }: Case): string {
  const [ns = '', collection = '', ...rest] = path.split('?')[0]!.split('/');
  const names = rest.map((segment, index) => {
    if (collection === 'activations') return index === 0 ? '{id}' : segment;
    if (segment === '') return '';
    return rest.length === 2 && index === 0 ? '{pkg}' : '{name}';
  });
  return ns === '' || collection === 'gadgets' ? '' : `${method} ${['/namespaces/{ns}', collection, ...names].join('/')}: `;
}

for (const [name, expected] of Object.entries(CASES)) {
  test(`${operationOf(expected)}${name}: ${expected.status}`, async () => {
    const { auth = AUTH, path, body, type = 'application/json', method = 'GET' } = expected;
    const response = await fetch(api.url + (path.startsWith('/') ? path : `/api/v1/namespaces/${path}`), {
      method,
      headers: { 'x-request-id': 'the-request', ...(auth === null ? {} : { authorization: auth }), ...(body === undefined ? {} : { 'content-type': type }) },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const answer = await response.json() as { error: string; code: string };
    assert.equal(response.status, expected.status, answer.error);
    if (typeof expected.text === 'string') assert.equal(answer.error, expected.text);
    else assert.match(answer.error, expected.text);
    assert.deepEqual(Object.keys(answer), ['error', 'code']);
    assert.equal(answer.code, 'the-request');
    assert.equal(response.headers.get('x-request-id'), 'the-request');
    assert.match(response.headers.get('content-type') ?? '', /^application\/json/);
    if (expected.status === 401) assert.equal(response.headers.get('www-authenticate'), 'Basic realm="OpenWhisk secure realm"');
    if (expected.status === 405) assert.ok(response.headers.get('allow'));
    assert.deepEqual(api.errors, []);
  });
}

const REFUSALS: { refusal: Error; status: number; text: string; retryAfter: string | null; logged: number }[] = [
  { refusal: new Overloaded('queue full', 7), status: 503, text: 'The server is currently unavailable (because it is overloaded or down for maintenance).', retryAfter: '7', logged: 0 },
  { refusal: new StoreUnavailable('ENOSPC'), status: 503, text: 'The store cannot take writes at the moment (disk full, read-only or failing): nothing was changed or accepted.', retryAfter: null, logged: 0 },
  { refusal: new RevisionConflict('changed'), status: 409, text: 'Concurrent modification to resource detected.', retryAfter: null, logged: 0 },
  { refusal: new TypeError('a mistake of ours'), status: 500, text: 'There was an internal server error.', retryAfter: null, logged: 1 },
];

for (const { refusal, status, text, retryAfter, logged } of REFUSALS) {
  test(`${refusal.name} becomes ${status}`, async () => {
    api.dispatch.refusal = refusal;
    try {
      const answer = await api.request('POST', '/actions/hello?blocking=true', {});
      assert.equal(answer.status, status);
      assert.equal((answer.body as { error: string }).error, text);
      assert.ok((answer.body as { code: string }).code);
      assert.equal(answer.headers.get('retry-after'), retryAfter);
      assert.equal(api.errors.length, logged);
    } finally {
      api.dispatch.refusal = undefined;
      api.errors.length = 0;
    }
  });
}

test('what is not HTTP gets an answer too', async () => {
  const { port, hostname } = new URL(api.url);
  const answer = await new Promise<string>((resolve, reject) => {
    let text = '';
    const socket = connect(Number(port), hostname, () => { socket.write('NONSENSE\r\n\r\n'); });
    socket.on('data', (chunk: Buffer) => { text += chunk.toString(); });
    socket.on('end', () => { resolve(text); });
    socket.on('error', reject);
  });
  assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n/);
  assert.deepEqual(Object.keys(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as object), ['error', 'code']);
});
