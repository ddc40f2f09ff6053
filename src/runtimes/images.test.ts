import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { findImage, InvalidImages, nativeImage, readImages } from './images.ts';

const CONFIGURED = `
images:
  openwhisk/action-python-v3.11: { charliecloud: /images/python, runtime: python }
  me/tool:1.0: { charliecloud: /images/tool.sqfs, command: [/bin/server, --port, "8080"] }
  me/tool: { charliecloud: /images/any, runtime: native }
  other:latest: { charliecloud: /images/other, runtime: nodejs }
`;

describe('images', () => {
  it('are found by name and tag, or by name for any tag', () => {
    const images = readImages(parse(CONFIGURED));
    const path = (name: string): string | undefined => findImage(images, name)?.charliecloud;
    assert.equal(path('openwhisk/action-python-v3.11'), '/images/python');
    assert.equal(path('docker.io/openwhisk/action-python-v3.11:nightly'), '/images/python');
    assert.deepEqual([path('me/tool:1.0'), path('me/tool'), path('me/tool:2')], ['/images/tool.sqfs', '/images/any', '/images/any']);
    assert.deepEqual([path('other'), path('other:latest'), path('other:1')], ['/images/other', '/images/other', undefined]);
    assert.equal(path('localhost:5000/me/tool'), undefined);
    assert.deepEqual(findImage(images, 'me/tool:1.0'), { charliecloud: '/images/tool.sqfs', runtime: 'server', command: ['/bin/server', '--port', '8080'] });
  });

  it('are refused with one line that says what is wrong', () => {
    const wrong: [unknown, RegExp][] = [
      [null, /must hold a map "images"/],
      [{ images: [] }, /must hold a map "images"/],
      [{ images: { x: '/path' } }, /^The image x: it must be a map/],
      [{ images: { x: { charliecloud: 'relative', runtime: 'python' } } }, /absolute path/],
      [{ images: { x: { charliecloud: '/p', runtime: 'java' } } }, /one of nodejs, python, native, server/],
      [{ images: { x: { charliecloud: '/p' } } }, /needs a "command"/],
      [{ images: { x: { charliecloud: '/p', command: 'text' } } }, /needs a "command"/],
      [{ images: { x: { charliecloud: '/p', runtime: 'python', apptainer: '/q' } } }, /"apptainer" is not known here/],
    ];
    for (const [given, text] of wrong) {
      assert.throws(() => readImages(given), (error) => error instanceof InvalidImages && text.test(error.message) && !error.message.includes('\n'), JSON.stringify(given));
    }
  });

  it("are not needed for OpenWhisk's skeletons", () => {
    for (const image of ['openwhisk/dockerskeleton', 'openwhisk/dockerskeleton:nightly', 'docker.io/openwhisk/dockerskeleton:1.3.2', 'openwhisk/actionloop-base']) assert.ok(nativeImage(image), image);
    for (const image of ['dockerskeleton', 'openwhisk/dockerskeleton-x', 'localhost:5000/openwhisk/dockerskeleton2', 'me/tool']) assert.ok(!nativeImage(image), image);
  });
});
