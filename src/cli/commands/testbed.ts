import { Command } from 'commander';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { installTestbedPackages } from '../../testbed/packages.ts';
import { TestbedError } from '../../testbed/testbed-error.ts';
import { startTestbed, stopTestbed, testbedStatus } from '../../testbed/testbed.ts';
import { CommandError } from '../command-error.ts';
import { wholeNumber } from '../option-values.ts';

const MAX_NODES = 2_300;

interface TestbedOptions { dir: string; json: boolean }

export function testbedCommand(): Command {
  const command = new Command('testbed').description('A real Slurm of many nodes on this host, from Debian\'s packages, in a private directory and on private ports.');
  const directory = join(tmpdir(), `hpcwhisk-testbed-${userInfo().uid}`);
  const add = (name: string, description: string): Command => command.command(name)
    .description(description)
    .option('--dir <dir>', 'directory of the testbed', directory)
    .option('--json', 'print JSON', false);

  add('up', 'Starts it (as root on Debian it installs Slurm and munge by apt where they are missing) and waits until all nodes are idle.')
    .option('--nodes <number>', 'number of nodes', wholeNumber(1, MAX_NODES), 8)
    .option('--accounting', 'with slurmdbd and a private MariaDB, and a QOS pilot with the flag NoReserve', false)
    .action((options: TestbedOptions & { nodes: number; accounting: boolean }) => clearly(async () => {
      const { accounting } = options;
      await installTestbedPackages({ accounting });
      const testbed = await startTestbed({ nodes: options.nodes, directory: options.dir, accounting });
      if (options.json) {
        console.log(JSON.stringify({ directory: testbed.directory, nodes: testbed.nodes, env: { SLURM_CONF: testbed.env.SLURM_CONF } }));
        return;
      }
      console.log([
        `A Slurm of ${testbed.nodes.length} nodes is up in ${testbed.directory}. To use it:`,
        `  export SLURM_CONF=${testbed.env.SLURM_CONF}`,
        '  sinfo',
        '  hpcwhisk up --cluster slurm --partition whisk',
        ...accounting ? ['  hpcwhisk up --cluster slurm --partition whisk -- --qos=pilot'] : [],
        'Partition prime is for prime jobs and preempts partition whisk. To end it and all its jobs:',
        `  hpcwhisk testbed down --dir ${testbed.directory}`,
      ].join('\n'));
    }));
  add('down', 'Ends every process of it and removes its files.')
    .action((options: TestbedOptions) => clearly(async () => {
      const before = await testbedStatus(options.dir);
      await stopTestbed(options.dir);
      const was = before.state !== 'down';
      console.log(options.json ? JSON.stringify({ directory: before.directory, was: before.state }) : was ? `The testbed in ${before.directory} is gone.` : `There was no testbed in ${before.directory}.`);
    }));
  add('status', 'Shows its nodes and jobs by state.')
    .action((options: TestbedOptions) => clearly(async () => {
      const status = await testbedStatus(options.dir);
      if (options.json) {
        console.log(JSON.stringify(status));
        return;
      }
      const tally = (counts: Readonly<Record<string, number>>): string => Object.entries(counts).map(([state, count]) => `${count} ${state}`).join(', ') || 'none';
      console.log([`testbed  ${status.directory}: ${status.state}`, `nodes    ${tally(status.nodes)}`, `jobs     ${tally(status.jobs)}`].join('\n'));
    }));
  return command;
}

async function clearly(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof TestbedError) throw new CommandError(error.code, error.message, error.kind === 'user' ? 64 : 69, { cause: error });
    throw error;
  }
}
