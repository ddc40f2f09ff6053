/**
 * One line of the log: a letter for the kind, a JSON array of keys, a tab, the document as JSON, a newline. JSON text
 * holds neither raw tabs nor raw newlines, so both separate safely; the keys stand apart so that the database's
 * thread can file a document without parsing it. A record has two documents: a summary, and behind another tab the
 * details, which may be large.
 */
import type { ActivationId, ActivationRecord } from '../../domain/activation.ts';
import type { ActivationSummary } from '../store.ts';

export type LogEntry =
  | { kind: 'record'; id: ActivationId; namespace: string; name: string; start: number; summary: string; details: string }
  /** A message was accepted with a promise (state 0) or has come to a later state, which counts instead of all before. */
  | { kind: 'accepted'; id: ActivationId; state: number; document: string }
  /** The acceptance written before could not be made durable, and its caller was told so. */
  | { kind: 'retracted'; id: ActivationId };

/**
 * `[package/]name`: what a list filters by. The record's name does not know the package. Where the action was called through a
 * binding (`namespace/name`), that is the package its caller knows; else it is the one in the path.
 */
function filterName({ name, annotations }: Pick<ActivationRecord, 'name' | 'annotations'>): string {
  let path: string | undefined;
  for (const { key, value } of annotations) {
    if (typeof value !== 'string') continue;
    if (key === 'binding') return `${value.slice(value.indexOf('/') + 1)}/${name}`;
    if (key === 'path') path = value;
  }
  return path === undefined ? name : path.slice(path.indexOf('/') + 1);
}

export function recordLine(record: ActivationRecord): string {
  const keys = JSON.stringify([record.activationId, record.namespace, filterName(record), record.start]);
  const { summary, details } = splitRecord(record);
  return `R${keys}\t${summary}\t${details}\n`;
}

interface Details {
  response: Omit<ActivationRecord['response'], 'statusCode'>;
  logs: string[];
}

/** The record as two JSON documents: what lists show, and the rest. Written out field by field: every call pays for it, and spreads cost twice as much. */
function splitRecord(record: ActivationRecord): { summary: string; details: string } {
  const { namespace, name, subject, activationId, start, end, duration, version, publish, annotations, cause, logs } = record;
  const { statusCode, result, size } = record.response;
  // What is undefined is left out of JSON.
  const summary: { [field in keyof ActivationSummary]: ActivationSummary[field] | undefined } = {
    namespace, name, subject, activationId, start, end, duration, version, publish, annotations, cause, statusCode,
  };
  const details: Details = { response: { result, size }, logs };
  return { summary: JSON.stringify(summary), details: JSON.stringify(details) };
}

/** The opposite of `splitRecord`. */
export function joinRecord(parts: { summary: string; details: string }): ActivationRecord {
  const { statusCode, ...rest } = JSON.parse(parts.summary) as ActivationSummary;
  const { response, logs } = JSON.parse(parts.details) as Details;
  return { ...rest, response: { statusCode, ...response }, logs };
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
      const second = document.indexOf('\t');
      // Version 1 of this program wrote records as one document.
      const parts = second < 0 ? splitRecord(JSON.parse(document) as ActivationRecord) : { summary: document.slice(0, second), details: document.slice(second + 1) };
      return { kind: 'record', id, namespace, name, start, ...parts };
    }
    case 'A': {
      const [id, state = 0] = keys as [string, number?];
      return { kind: 'accepted', id, state, document };
    }
    case 'X': return { kind: 'retracted', id: (keys as [string])[0] };
    default: throw new SyntaxError(`not a line of the log: ${line.slice(0, 40)}`);
  }
}
