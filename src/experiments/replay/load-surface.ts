import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { surfaceOfLog } from '../../traces/availability.ts';
import { readNodeLog } from '../../traces/node-log.ts';
import type { IdleSurface } from '../../traces/surface.ts';
import { syntheticSurface } from '../../traces/synthetic.ts';
import { TraceError } from '../../traces/trace-error.ts';
import { cutWindow, PAPER_TIME_ZONE } from '../../traces/window.ts';

export type SurfaceRequest = { readonly minutes: number } & (
  | { readonly log: string; /** HH:MM */ readonly from?: string; readonly timeZone?: string }
  | { readonly seed: number; readonly nodes: number });

export interface LoadedSurface {
  /** The window, on the trace's own nodes. */
  readonly surface: IdleSurface;
  /** What it came from, for the report. */
  readonly source: string;
}

/** Reads a node log and cuts the window, or generates one. @throws {TraceError} also where the file cannot be read */
export async function loadSurface(request: SurfaceRequest): Promise<LoadedSurface> {
  if ('seed' in request) {
    const nodes = Array.from({ length: request.nodes }, (_, index) => `n${index + 1}`);
    return { surface: syntheticSurface({ seed: request.seed, minutes: request.minutes, nodes }), source: `synthetic idle surface, seed ${request.seed}` };
  }
  const { log, from, minutes, timeZone = PAPER_TIME_ZONE } = request;
  let content: Uint8Array;
  try {
    content = await readFile(log);
  } catch (error) {
    throw new TraceError('ETRACEFORMAT', `the log ${log} cannot be read (${error instanceof Error ? error.message : 'unknown reason'})`);
  }
  const surface = cutWindow(surfaceOfLog(readNodeLog(content)), { minutes, timeZone, ...(from === undefined ? {} : { from }) });
  const day = new Intl.DateTimeFormat('en-GB', { timeZone, dateStyle: 'long' }).format(surface.from);
  return { surface, source: `node log ${path.basename(log)}, ${day}` };
}
