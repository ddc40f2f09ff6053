import { samplesOf } from '../experiments/analysis/analyze.ts';
import { surfaceOfLog } from '../traces/availability.ts';
import { daysWindow } from '../traces/local-time.ts';
import { withPollGapsFilled } from '../traces/poll-gaps.ts';
import { cutSurface, type IdleSurface } from '../traces/surface.ts';
import { CommandError } from './command-error.ts';
import { inItsWords, type LoadedTrace } from './trace-files.ts';

const EXIT_USAGE = 64;

/** The idle surface of a node log. @param day only these days @throws {CommandError} */
export function surfaceOfTrace({ trace, names, timeZone }: LoadedTrace, day: string | undefined): IdleSurface {
  if (trace.format !== 'node-log') {
    throw new CommandError('ETRACEFORMAT', `${names.join(', ')}: jobs alone do not say which nodes were idle when; the simulation needs a node log`, EXIT_USAGE);
  }
  return inItsWords(() => {
    const samples = samplesOf(trace.log, day, timeZone);
    const surface = surfaceOfLog({ ...trace.log, samples: withPollGapsFilled(samples) });
    const window = day === undefined ? surface : daysWindow(day, timeZone);
    return cutSurface(surface, Math.max(surface.from, window.from), Math.min(surface.to, window.to));
  });
}
