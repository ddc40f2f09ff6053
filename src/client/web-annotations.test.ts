import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mergeAnnotations, webAnnotations, webSecurity } from './web-annotations.ts';

const asObject = (mode: string): object => Object.fromEntries(webAnnotations(mode).map(({ key, value }) => [key, value]));

describe('the annotations of web actions', () => {
  it('follow --web', () => {
    for (const mode of ['yes', 'true', 'TRUE']) assert.deepEqual(asObject(mode), { 'web-export': true, 'raw-http': false, final: true }, mode);
    assert.deepEqual(asObject('raw'), { 'web-export': true, 'raw-http': true, final: true });
    for (const mode of ['no', 'false']) assert.deepEqual(asObject(mode), { 'web-export': false, 'raw-http': false, final: false }, mode);
    assert.throws(() => webAnnotations('maybe'), { message: 'Invalid argument \'maybe\' for --web flag. Valid input consist of \'yes\', \'true\', \'raw\', \'false\', or \'no\'.' });
  });

  it('secure web actions only: with a secret, with a number that is kept, or no longer', () => {
    const web = webAnnotations('true');
    assert.deepEqual(webSecurity('s3cret', web, undefined), { set: { key: 'require-whisk-auth', value: 's3cret' } });
    assert.deepEqual(webSecurity('false', web, undefined), { remove: 'require-whisk-auth' });
    const random = webSecurity('true', web, undefined);
    assert.ok('set' in random && Number.isSafeInteger(random.set.value));
    assert.deepEqual(webSecurity('true', web, [random.set]), random);
    assert.throws(() => webSecurity('true', webAnnotations('false'), undefined), /only valid when the --web option is enabled/);
  });

  it('are merged by key; the later wins', () => {
    assert.deepEqual(mergeAnnotations([{ key: 'a', value: 1 }, { key: 'b', value: 2 }], [{ key: 'a', value: 3 }]), [{ key: 'a', value: 3 }, { key: 'b', value: 2 }]);
  });
});
