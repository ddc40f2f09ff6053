/** What SQLite says when something fails, in the store's terms. Result codes: https://sqlite.org/rescode.html */
import type { StoreOpenErrorCode } from './store-open-error.ts';

const PRIMARY_CODES: ReadonlyMap<number, StoreOpenErrorCode> = new Map([
  [5, 'directory-in-use'],
  [6, 'directory-in-use'],
  [8, 'directory-not-writable'],
  [11, 'corrupt'],
  [14, 'directory-not-writable'],
  [26, 'corrupt'],
]);

export function openErrorCode(error: unknown): StoreOpenErrorCode {
  if (!(error instanceof Error)) return 'unavailable';
  if ('errcode' in error && typeof error.errcode === 'number') return PRIMARY_CODES.get(error.errcode & 0xff) ?? 'unavailable';
  const code = 'code' in error ? error.code : undefined;
  return code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || code === 'ENOENT' ? 'directory-not-writable' : 'unavailable';
}
