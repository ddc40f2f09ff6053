/**
 * One line of the log: a letter for the kind, a JSON array of keys, a tab, the document as JSON, a newline. JSON text
 * holds neither raw tabs nor raw newlines, so both separate safely; the keys stand apart so that the database's
 * thread can file a document without parsing it.
 */
import type { ActivationId, ActivationRecord } from '../../domain/activation.ts';

export type LogEntry =
  | { kind: 'record'; id: ActivationId; namespace: string; name: string; start: number; document: string }
  /** A message was accepted with a promise (state 0) or has come to a later state, which counts instead of all before. */
  | { kind: 'accepted'; id: ActivationId; state: number; document: string }
  /** The acceptance written before could not be made durable, and its caller was told so. */
  | { kind: 'retracted'; id: ActivationId };

/** `[package/]name`: what a list filters by. The path annotation knows the package, the record's name does not. */
function filterName(record: Pick<ActivationRecord, 'name' | 'annotations'>): string {
  for (const { key, value } of record.annotations) {
    if (key === 'path' && typeof value === 'string') return value.slice(value.indexOf('/') + 1);
  }
  return record.name;
}

export function recordLine(record: ActivationRecord): string {
  const keys = JSON.stringify([record.activationId, record.namespace, filterName(record), record.start]);
  return `R${keys}\t${JSON.stringify(record)}\n`;
}

export function acceptedLine(id: ActivationId, state: number, document: string): string {
  return `A${JSON.stringify(state === 0 ? [id] : [id, state])}\t${document}\n`;
}

export function retractedLine(id: ActivationId): string {
  return `X${JSON.stringify([id])}\t\n`;
}

/** @param line without its newline @throws {SyntaxError} when it is no line of a log */
export function parseLine(line: string): LogEntry {
  const tab = line.indexOf('\t');
  const keys: unknown = JSON.parse(line.slice(1, tab));
  const document = line.slice(tab + 1);
  switch (line[0]) {
    case 'R': {
      const [id, namespace, name, start] = keys as [string, string, string, number];
      return { kind: 'record', id, namespace, name, start, document };
    }
    case 'A': {
      const [id, state = 0] = keys as [string, number?];
      return { kind: 'accepted', id, state, document };
    }
    case 'X': return { kind: 'retracted', id: (keys as [string])[0] };
    default: throw new SyntaxError(`not a line of the log: ${line.slice(0, 40)}`);
  }
}
