import { SlurmError, type NodeCount } from '../slurm.ts';

/** Partition, state, number of nodes, and whether the partition takes jobs. */
export const sinfoFormat = '%P|%T|%D|%a';

/** What `sinfo -h -o sinfoFormat` printed. @param partition undefined for the default one, which carries an asterisk. @throws {SlurmError} when it shows none of its nodes */
export function parseSinfo(output: string, partition: string | undefined): NodeCount {
  const count = { idle: 0, planned: 0, down: 0, total: 0 };
  let availability = 'up';
  for (const line of output.split('\n')) {
    const [name, state = '', nodes, available] = line.trim().split('|');
    if (nodes === undefined || (partition === undefined && name?.endsWith('*') !== true)) continue;
    const number = Number(nodes);
    count.total += number;
    if (available !== undefined && available !== '') availability = available;
    // A node that is planned for a prime job is idle until then; one with a sign behind its state is asleep, deaf or set aside.
    if (state === 'idle' || state === 'planned') count.idle += number;
    if (state === 'planned') count.planned += number;
    if (OUT_OF_SERVICE.test(state)) count.down += number;
  }
  if (count.total === 0) throw new SlurmError('user', partition === undefined ? 'Slurm has no default partition with nodes; name one' : `Slurm knows no partition "${partition}" with nodes`);
  return { ...count, ...availability === 'up' ? {} : { partition: availability } };
}

/** With an asterisk: the node does not answer. */
const OUT_OF_SERVICE = /^(down|drain|fail|error|maint|reboot|power|unknown|no_respond|reserved)|\*$/;
