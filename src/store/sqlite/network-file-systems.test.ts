import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { describe, it } from 'node:test';
import { mountType, networkFileSystem, networkFileSystemName } from './network-file-systems.ts';

const MOUNTINFO = `22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:26 / /home rw shared:2 - nfs4 server:/home rw
31 30 0:27 / /home/with\\040space rw - fuse.sshfs host:/x rw
32 22 0:28 / /scratch rw - fuse.fuse-overlayfs overlay rw
`;

describe('network file systems', () => {
  it('are known by the type that statfs gives, also where that is negative', () => {
    const none = (): undefined => undefined;
    assert.equal(networkFileSystemName(0x6969, none), 'NFS');
    assert.equal(networkFileSystemName(0x0bd00bd0, none), 'Lustre');
    assert.equal(networkFileSystemName(0x47504653, none), 'GPFS');
    assert.equal(networkFileSystemName(0xff534d42 | 0, none), 'CIFS');
    assert.equal(networkFileSystemName(0xef53, none), undefined);
    assert.equal(networkFileSystemName(0x01021994, none), undefined);
  });

  it('are told from local ones behind FUSE by the name of the mount', () => {
    const name = (path: string): string | undefined => networkFileSystemName(0x65735546, () => mountType(MOUNTINFO, path));
    assert.equal(name('/home/with space/a'), 'fuse.sshfs');
    assert.equal(name('/scratch/a'), undefined);
    assert.equal(networkFileSystemName(0x65735546, () => undefined), 'FUSE');
  });

  it('are found by the longest mount point above a path', () => {
    assert.equal(mountType(MOUNTINFO, '/home/user'), 'nfs4');
    assert.equal(mountType(MOUNTINFO, '/homes'), 'ext4');
    assert.equal(mountType(MOUNTINFO, '/'), 'ext4');
  });

  it('do not hold the temporary directory of a test machine', async () => {
    assert.equal(await networkFileSystem(tmpdir()), undefined);
  });
});
