import { SlurmError, type PilotJob } from '../slurm.ts';
import { jobPhase, parseJobState } from '../states.ts';
import { parseTimeLimit } from '../time-limit.ts';

/** Id, state, limit, node, start, kind (the job's comment), reason. The reason comes last: it is free text. */
export const squeueFormat = '%i|%T|%l|%N|%S|%k|%r';
/** Makes %S epoch seconds; without it the times are local and without a zone. */
export const squeueTimeFormat = '%s';

const fieldCount = 7;

/** What `squeue -h -r -o squeueFormat` printed. @throws {SlurmError} on a line that it should not print. */
export function parseSqueue(output: string): PilotJob[] {
  return output.split('\n').filter((line) => line.trim() !== '').map(parseLine);
}

function parseLine(line: string): PilotJob {
  const fields = line.split('|');
  const [id, stateText, limit, node, start, kind] = fields;
  if (fields.length < fieldCount || id === undefined || stateText === undefined || limit === undefined || !/^\d+(_\d+)?$/.test(id)) {
    throw new SlurmError('user', `squeue printed a line that this program does not understand: "${line}"`);
  }
  const state = parseJobState(stateText);
  const limitMinutes = parseTimeLimit(limit);
  const phase = jobPhase(state);
  const reason = fields.slice(fieldCount - 1).join('|');
  return {
    id, state, limitMinutes,
    kind: kind === undefined || kind === '' || kind === '(null)' ? 'unknown' : kind,
    ...node === undefined || node === '' ? {} : { node },
    // Before it runs this is Slurm's estimate, which nobody here may take for a start.
    ...phase === 'pending' || !/^\d+$/.test(start ?? '') ? {} : { startedAt: Number(start) * 1000 },
    ...phase === 'pending' ? { reason } : {},
  };
}
