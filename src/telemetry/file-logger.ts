import { destination, pino } from 'pino';
import type { Logger } from '../domain/logger.ts';

/** JSON lines appended to a file (created 0600); `close` writes out what is buffered. */
export function openFileLogger(path: string, level: string): { logger: Logger; close: () => void } {
  const file = destination({ dest: path, append: true, mode: 0o600, sync: true });
  return { logger: pino({ level }, file), close: () => { file.end(); } };
}
