import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { apiHostUrl } from './api-host.ts';
import { resolveSettings } from './connection-settings.ts';
import { propertiesPath, readProperties, writeProperties } from './properties-file.ts';

describe('connection settings', () => {
  it('take a flag over the environment, and that over the properties file', () => {
    const file = { APIHOST: 'file', AUTH: 'file-auth', NAMESPACE: 'ns', APIVERSION: 'v2', APIGW_ACCESS_TOKEN: 'token' };
    assert.deepEqual(resolveSettings({}, {}, file), {
      apiHost: 'file', auth: 'file-auth', namespace: 'ns', apiVersion: 'v2', insecure: false, cert: '', key: '', cacert: '', gatewayToken: 'token',
    });
    const fromAction = resolveSettings({}, { __OW_API_HOST: 'https://inside', __OW_API_KEY: 'inside-auth' }, file);
    assert.deepEqual([fromAction.apiHost, fromAction.auth], ['https://inside', 'inside-auth']);
    const fromEnvironment = resolveSettings({}, { __OW_API_HOST: 'inside', WHISK_APIHOST: 'env', WHISK_AUTH: 'env-auth', WHISK_NAMESPACE: 'env-ns' }, file);
    assert.deepEqual([fromEnvironment.apiHost, fromEnvironment.auth, fromEnvironment.namespace], ['env', 'env-auth', 'env-ns']);
    const flagged = resolveSettings({ apiHost: 'flag', auth: 'flag-auth', insecure: true }, { WHISK_APIHOST: 'env' }, file);
    assert.deepEqual([flagged.apiHost, flagged.auth, flagged.insecure], ['flag', 'flag-auth', true]);
    assert.deepEqual([resolveSettings({}, {}, {}).namespace, resolveSettings({}, {}, {}).apiVersion], ['_', 'v1']);
  });

  it('read an API host without a scheme as https', () => {
    assert.equal(apiHostUrl('host').href, 'https://host/');
    assert.equal(apiHostUrl('host:8443').href, 'https://host:8443/');
    assert.equal(apiHostUrl('http://127.0.0.1:3233').href, 'http://127.0.0.1:3233/');
    assert.throws(() => apiHostUrl(''), /An API host must be provided/);
    assert.throws(() => apiHostUrl('http://a b'), /neither a host name nor a URL/);
  });

  it('are in ~/.wskprops or where WSK_CONFIG_FILE says, even nowhere', () => {
    assert.equal(propertiesPath({ HOME: '/home/someone' }), '/home/someone/.wskprops');
    assert.equal(propertiesPath({ HOME: '/home/someone', WSK_CONFIG_FILE: '/etc/wsk' }), '/etc/wsk');
    assert.equal(propertiesPath({ WSK_CONFIG_FILE: '' }), '');
  });

  it('are written for their owner alone, and keep what they do not know', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'hpcwhisk-props-'));
    try {
      const path = join(directory, 'wskprops');
      assert.deepEqual(await readProperties(path), {});
      await writeFile(path, '# a comment\nAUTH=uuid:key=with=equals\nnonsense\nOTHER = kept \n');
      const properties = await readProperties(path);
      assert.deepEqual(properties, { AUTH: 'uuid:key=with=equals', OTHER: 'kept' });
      await writeProperties(path, { ...properties, APIHOST: 'host' });
      assert.equal(await readFile(path, 'utf8'), 'AUTH=uuid:key=with=equals\nOTHER=kept\nAPIHOST=host\n');
      assert.equal((await stat(path)).mode & 0o777, 0o600);
      await assert.rejects(readProperties(directory), /Unable to read the properties file/);
      await assert.rejects(writeProperties(join(path, 'under-a-file'), {}), /write failure/);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
