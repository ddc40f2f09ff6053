import { existsSync } from 'node:fs';
import path from 'node:path';

export interface RealDay {
  /** Paths. */
  readonly nodeLog: string;
  readonly pilotJobs: string;
}

/** Why tests that compare with the real day are left out; false where they are not. */
export const withoutRealDay: string | false = process.env['HPCWHISK_DATA'] === undefined && 'HPCWHISK_DATA does not name the folder of the real node logs';

/** The day of the Prometheus cluster (17 March 2022), which is not part of the project. @throws {Error} where it is not there */
export function realDay(): RealDay {
  const data = process.env['HPCWHISK_DATA'];
  if (data === undefined) throw new Error('HPCWHISK_DATA does not name the folder of the real node logs, which this test compares with');
  const day = path.join(data, 'prometheus-2022-03-17');
  const files = { nodeLog: path.join(day, 'idle_nodes.txt.gz'), pilotJobs: path.join(day, 'pilot_jobs.txt') };
  for (const file of Object.values(files)) if (!existsSync(file)) throw new Error(`HPCWHISK_DATA names ${data}, in which there is no ${file}`);
  return files;
}
