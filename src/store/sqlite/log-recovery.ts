/**
 * Reads what an earlier process left in the log: its records go into the database, its unfinished messages are returned.
 * Records that were filed before are not filed again, for since then they may have been removed as too old.
 */
import { closeSync, fstatSync, openSync } from 'node:fs';
import type { ActivationId } from '../../domain/activation.ts';
import type { Database } from './database.ts';
import type { Recovered, RecoveredSegment } from './database-messages.ts';
import { parseLine } from './log-entry.ts';
import { readGroups } from './log-group.ts';
import { listSegments, type LogPosition, segmentPath } from './segment-files.ts';

const TRANSACTION_BYTES = 4 * 1024 * 1024;

type Accepted = Map<ActivationId, { state: number; document: string }>;

/** The segments are left in place: they may go once the caller has written the unfinished messages elsewhere. */
export function recoverLog(directory: string, database: Database): Recovered {
  const accepted: Accepted = new Map();
  const filed = database.activations.position();
  const segments = listSegments(directory).map((segment) => recoverSegment({ directory, segment, database, filed, accepted }));
  const unfinished = [...accepted].filter(([id]) => !database.activations.has(id)).map(([id, message]) => ({ id, ...message }));
  return { lastSegment: Math.max(filed.segment, segments.at(-1)?.segment ?? 0), segments, unfinished };
}

interface Recovery {
  directory: string;
  segment: number;
  database: Database;
  /** Up to where the log was filed before. */
  filed: LogPosition;
  accepted: Accepted;
}

function recoverSegment({ directory, segment, database, filed, accepted }: Recovery): RecoveredSegment {
  const filedEnd = segment < filed.segment ? Infinity : segment === filed.segment ? filed.end : 0;
  const fd = openSync(segmentPath(directory, segment), 'r');
  try {
    const bytes = fstatSync(fd).size;
    let readableBytes = 0;
    let uncommittedBytes = 0;
    const filedUpTo = (end: number): LogPosition | undefined => end > filedEnd ? { segment, end } : undefined;
    database.begin();
    for (const group of readGroups(fd, 0, bytes)) {
      for (const line of group.lines) {
        const entry = parseLine(line);
        if (entry.kind === 'record') {
          if (group.end > filedEnd) database.activations.insert(entry);
          accepted.delete(entry.id);
        } else if (entry.kind === 'retracted') accepted.delete(entry.id);
        else if (entry.state > (accepted.get(entry.id)?.state ?? -1)) accepted.set(entry.id, { state: entry.state, document: entry.document });
      }
      uncommittedBytes += group.end - readableBytes;
      readableBytes = group.end;
      if (uncommittedBytes > TRANSACTION_BYTES) {
        database.commit(filedUpTo(readableBytes));
        database.begin();
        uncommittedBytes = 0;
      }
    }
    database.commit(filedUpTo(readableBytes));
    return { segment, bytes, readableBytes };
  } finally {
    database.rollback();
    closeSync(fd);
  }
}
