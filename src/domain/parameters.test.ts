import assert from 'node:assert/strict';
import { test } from 'node:test';
import { argumentsOf, environmentText, isTruthy, mergeParameters, parametersSize } from './parameters.ts';

test('later parameters win and keep the place of the earlier ones', () => {
  assert.deepEqual(
    mergeParameters([{ key: 'a', value: 1 }, { key: 'b', value: 1, init: true }], [{ key: 'b', value: 2 }, { key: 'c', value: 2 }], [{ key: 'a', value: 3 }]),
    [{ key: 'a', value: 3 }, { key: 'b', value: 2 }, { key: 'c', value: 2 }],
  );
});

test('arguments have no prototype to reach', () => {
  const args = argumentsOf([{ key: '__proto__', value: { x: 1 } }, { key: 'a', value: 2 }]);
  assert.equal(JSON.stringify(args), '{"__proto__":{"x":1},"a":2}');
  assert.equal(args['x'], undefined);
});

test('sizes are those of names and JSON values in bytes', () => {
  assert.equal(parametersSize([{ key: 'é', value: 'é' }, { key: 'n', value: [1, 2] }]), 2 + 4 + 1 + 5);
});

test('environment variables are text', () => {
  assert.deepEqual(['text', '', null, 1.5, false, [1], { a: 1 }].map(environmentText), ['text', '', '', '1.5', 'false', '[1]', '{"a":1}']);
});

test('annotations are set as OpenWhisk sees it', () => {
  assert.deepEqual([true, 1, 'x', [], {}].map(isTruthy), [true, true, true, true, true]);
  assert.deepEqual([false, 0, '', null, undefined].map(isTruthy), [false, false, false, false, false]);
});
