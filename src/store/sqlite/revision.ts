import { randomBytes } from 'node:crypto';

/** `generation-random`: what is deleted and made again never meets a revision it had before. @param previous undefined for the first */
export function nextRevision(previous: string | undefined): string {
  const generation = previous === undefined ? 1 : Number.parseInt(previous, 10) + 1;
  return `${Number.isNaN(generation) ? 1 : generation}-${randomBytes(8).toString('hex')}`;
}
