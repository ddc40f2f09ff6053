import type { Clock } from '../clock/clock.ts';
import type { Logger } from '../domain/logger.ts';

/** One JSON object per line, as pino writes them; pino itself would lengthen the start of every pilot. */
export function jsonLogger(clock: Clock, write: (line: string) => void, bindings: object): Logger {
  const log = (level: string) => (fields: object, text: string): void => {
    write(`${JSON.stringify({ level, time: clock.now(), ...bindings, ...fields, msg: text })}\n`);
  };
  return { debug: () => undefined, info: log('info'), warn: log('warn'), error: log('error') };
}
