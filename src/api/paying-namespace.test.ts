import assert from 'node:assert/strict';
import { test } from 'node:test';
import { payingNamespace } from './paying-namespace.ts';

const CASES: [url: string, namespace: string | undefined][] = [
  ['/api/v1/web/guest/default/hello.json?x=/api/v1/web/other/', 'guest'], ['/api/v1/web/a%20b/default/hello', 'a b'], ['/api/v1/web/%zz/default/hello', undefined],
  ['/api/guest/club/books', 'guest'], ['/api/guest?x', 'guest'], ['/api/v1/namespaces/guest/actions', undefined], ['/api/v1', undefined], ['/api', undefined], ['/', undefined], ['/status', undefined],
];

for (const [url, namespace] of CASES) {
  test(`limits for ${url} are those of ${namespace ?? 'the platform'}`, () => { assert.equal(payingNamespace(url), namespace); });
}
