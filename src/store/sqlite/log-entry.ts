/**
 * One line of the log: a letter for the kind, a JSON array of keys, a tab, the document as JSON, a newline. JSON text
 * holds neither raw tabs nor raw newlines, so both separate safely; the keys stand apart so that the database's
 * thread can file a document without parsing it.
 */
import type { ActivationId, ActivationRecord } from '../../domain/activation.ts';

export type LogEntry =
  | { kind: 'record'; id: ActivationId; namespace: string; name: string; start: number; document: string }
  /** A message was accepted with a promise. */
  | { kind: 'accepted'; id: ActivationId; document: string }
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

export function acceptedLine(id: ActivationId, document: string): string {
  return `A${JSON.stringify([id])}\t${document}\n`;
}

export function retractedLine(id: ActivationId): string {
  return `X${JSON.stringify([id])}\t\n`;
}

/** @param line without its newline @throws {SyntaxError} when it is no line of a log */
export function parseLine(line: string): LogEntry {
  const tab = line.indexOf('\t');
  const keys = JSON.parse(line.slice(1, tab)) as [string, string, string, number];
  const document = line.slice(tab + 1);
  switch (line[0]) {
    case 'R': return { kind: 'record', id: keys[0], namespace: keys[1], name: keys[2], start: keys[3], document };
    case 'A': return { kind: 'accepted', id: keys[0], document };
    case 'X': return { kind: 'retracted', id: keys[0] };
    default: throw new SyntaxError(`not a line of the log: ${line.slice(0, 40)}`);
  }
}
