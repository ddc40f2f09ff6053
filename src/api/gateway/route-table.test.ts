import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newApiDocument, withEndpoint, withoutEndpoint } from './api-document.ts';
import type { Endpoint } from './api-document.ts';
import { RouteTable } from './route-table.ts';

const endpoint = (path: string, name: string, more: Partial<Endpoint> = {}): Endpoint => ({
  verb: 'get', path, action: { namespace: 'guest', package: '', name }, origin: 'https://host', responseType: 'http', ...more,
});

const table = (basePath: string, ...endpoints: Endpoint[]): RouteTable => new RouteTable([
  { basePath, document: endpoints.reduce(withEndpoint, newApiDocument(basePath, 'api')) },
]);

const found = (routes: RouteTable, path: string): [action: string, rest: string] | undefined => {
  const match = routes.find(path);
  return match === undefined ? undefined : [match.route.backends.get('get')?.action ?? '', match.rest];
};

test('an exact path wins over one with parameters, and that over one further up', () => {
  const routes = table('/club', endpoint('/books', 'books'), endpoint('/books/{id}', 'book'), endpoint('/books/new', 'fresh'), endpoint('/{any}/pages', 'pages'));
  assert.deepEqual(found(routes, '/club/books'), ['guest/books', '']);
  assert.deepEqual(found(routes, '/club/books/'), ['guest/books', '/']);
  assert.deepEqual(found(routes, '/club/books/new'), ['guest/fresh', '']);
  assert.deepEqual(found(routes, '/club/books/7'), ['guest/book', '']);
  assert.deepEqual(found(routes, '/club/books/a%20b'), ['guest/book', '']);
  assert.deepEqual(found(routes, '/club/books/7/pages/3'), ['guest/book', '/pages/3']);
  assert.deepEqual(found(routes, '/club/shelf/pages'), ['guest/pages', '']);
  assert.equal(found(routes, '/club'), undefined);
  assert.equal(found(routes, '/clubs/books'), undefined);
  assert.equal(found(routes, '/club/books/%zz'), undefined);
});

test('a parameter can be part of a segment, and takes no characters for more than they are', () => {
  const routes = table('/v1', endpoint('/file-{name}.txt', 'file'));
  assert.deepEqual(found(routes, '/v1/file-a.txt'), ['guest/file', '']);
  assert.equal(found(routes, '/v1/file-atxt'), undefined);
  assert.equal(found(routes, '/v1/file-.txt'), undefined);
});

test('base path and path may both be the root', () => {
  assert.deepEqual(found(table('/', endpoint('/', 'root')), '/'), ['guest/root', '/']);
  assert.deepEqual(found(table('/', endpoint('/', 'root')), '/a/b'), ['guest/root', '/a/b']);
  assert.deepEqual(found(table('/', endpoint('/a', 'a')), '/a'), ['guest/a', '']);
});

test('an operation may be taken away, and with the last one its path', () => {
  const document = [endpoint('/a', 'a'), endpoint('/a', 'b', { verb: 'post' }), endpoint('/b', 'c')].reduce(withEndpoint, newApiDocument('/v', 'v'));
  const without = withoutEndpoint(document, '/a', 'get');
  assert.ok(typeof without === 'object');
  const routes = new RouteTable([{ basePath: '/v', document: without }]);
  assert.deepEqual([...routes.find('/v/a')!.route.backends.keys()], ['post']);
  const none = withoutEndpoint(without, '/a', 'post');
  assert.ok(typeof none === 'object');
  assert.equal(new RouteTable([{ basePath: '/v', document: none }]).find('/v/a'), undefined);
  assert.equal(withoutEndpoint(none, '/a', undefined), "path '/a' does not exist in the API");
  assert.equal(withoutEndpoint(document, '/a', 'put'), "path '/a' with operation 'put' does not exist in the API");
});

test('the target may be anything that names a web action, and nothing else', () => {
  const at = (url: unknown): string | undefined => {
    const document = { basePath: '/v', info: {}, paths: { '/a': { get: { operationId: 'x', 'x-openwhisk': { url } } } } };
    return new RouteTable([{ basePath: '/v', document: document as never }]).find('/v/a')?.route.backends.get('get')?.action;
  };
  assert.equal(at('https://elsewhere:444/api/v1/web/ns/pkg/name.json'), 'ns/pkg/name');
  assert.equal(at('/api/v1/web/ns/default/name'), 'ns/name');
  assert.equal(at('https://elsewhere/other'), undefined);
  assert.equal(at('https://elsewhere/api/v1/web/ns/../name'), undefined);
  assert.equal(at(5), undefined);
});
