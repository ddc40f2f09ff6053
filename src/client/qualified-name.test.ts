import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fullName, parseEntityName, parseNamespace, parseQualifiedName } from './qualified-name.ts';

describe('qualified names', () => {
  it('have a namespace, a package and an entity, wherever the slashes are', () => {
    for (const [text, expected] of [
      ['hello', ['_', '', 'hello']], ['pkg/hello', ['_', 'pkg', 'hello']], ['/ns/hello', ['ns', '', 'hello']],
      ['/ns/pkg/hello', ['ns', 'pkg', 'hello']], ['ns/pkg/hello', ['ns', 'pkg', 'hello']], ['/ns', ['ns', '', '']], ['/_/hello', ['_', '', 'hello']],
    ] as const) {
      const name = parseQualifiedName(text, '_');
      assert.deepEqual([name.namespace, name.package, name.entity], expected, text);
    }
    assert.equal(parseQualifiedName('pkg/hello', 'mine').name, 'pkg/hello');
    assert.equal(fullName(parseQualifiedName('pkg/hello', 'mine')), '/mine/pkg/hello');
    assert.equal(fullName(parseQualifiedName('/ns', '_')), '/ns');
  });

  it('are refused with too many parts, an empty one, or none where one is needed', () => {
    for (const text of ['/ns/pkg/hello/more', '/ns//hello', '/', '', '.', 'a/', '/ns/./x']) {
      assert.throws(() => parseQualifiedName(text, '_'), { message: `'${text}' is not a valid qualified name: A valid qualified name must be specified.` }, text);
    }
    assert.throws(() => parseEntityName('/ns', '_'), /is not a valid qualified name/);
    assert.throws(() => parseNamespace('hello', '_'), /An entity name, 'hello', was provided instead of a namespace/);
    assert.equal(parseNamespace('/ns', '_'), 'ns');
  });
});
