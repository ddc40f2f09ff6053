import type { SegmentFile, SegmentFiles } from './segment-files.ts';

/** A disk in memory that fails when told to, and knows what an fdatasync has made safe. */
export class FakeDisk implements SegmentFiles {
  readonly segments = new Map<number, { content: Buffer; safe: Buffer }>();
  freeBytes = Infinity;
  failSyncs = false;
  failTruncates = false;
  syncs = 0;
  /** Called while an fdatasync is under way. */
  duringSync: () => void = () => undefined;

  create(segment: number): Promise<SegmentFile> {
    if (this.freeBytes <= 0) return Promise.reject(new Error('ENOSPC: no space left on device, open'));
    const file = { content: Buffer.alloc(0), safe: Buffer.alloc(0) };
    this.segments.set(segment, file);
    const writeNow = (data: Buffer, position: number): void => {
      const part = data.subarray(0, Math.max(0, Math.min(data.length, this.freeBytes)));
      const grown = Buffer.alloc(Math.max(file.content.length, position + part.length));
      file.content.copy(grown);
      part.copy(grown, position);
      file.content = grown;
      this.freeBytes -= part.length;
      if (part.length < data.length) throw new Error('ENOSPC: no space left on device, write');
    };
    return Promise.resolve({
      writeNow,
      write: async (data, position) => {
        await new Promise(setImmediate);
        writeNow(data, position);
      },
      sync: async () => {
        this.syncs++;
        const content = Buffer.from(file.content);
        this.duringSync();
        await new Promise(setImmediate);
        if (this.failSyncs) throw new Error('EIO: i/o error, fdatasync');
        file.safe = content;
      },
      truncate: (bytes) => {
        if (this.failTruncates) return Promise.reject(new Error('EIO: i/o error, ftruncate'));
        file.content = file.content.subarray(0, bytes);
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    });
  }

  remove(segment: number): Promise<void> {
    this.segments.delete(segment);
    return Promise.resolve();
  }

  setAside(): Promise<void> {
    throw new Error('nothing is put aside while a log is written');
  }
}
