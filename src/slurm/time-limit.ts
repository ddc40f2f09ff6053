import { SlurmError } from './slurm.ts';

const withoutLimit = new Set(['UNLIMITED', 'INFINITE', 'NOT_SET', 'Partition_Limit']);
const minutesPerDay = 1440;

/**
 * A time limit in any notation that Slurm prints or takes: `minutes`, `minutes:seconds`, `hours:minutes:seconds`,
 * `days-hours`, `days-hours:minutes`, `days-hours:minutes:seconds`, UNLIMITED.
 * @returns minutes, begun ones counted whole; null for none
 * @throws {SlurmError}
 */
export function parseTimeLimit(text: string): number | null {
  if (withoutLimit.has(text)) return null;
  const match = /^(?:(\d+)-)?(\d+)(?::(\d+))?(?::(\d+))?$/.exec(text);
  if (match === null) throw new SlurmError('user', `not a time limit of Slurm: "${text}"`);
  const [days, ...fields] = match.slice(1).map((field: string | undefined) => field === undefined ? undefined : Number(field));
  const [first = 0, second, third] = fields;
  // Without days, one or two fields are minutes and seconds; everything longer begins with hours.
  if (days === undefined && third === undefined) return first + Math.ceil((second ?? 0) / 60);
  return (days ?? 0) * minutesPerDay + first * 60 + (second ?? 0) + Math.ceil((third ?? 0) / 60);
}
