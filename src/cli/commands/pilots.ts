import { Command } from 'commander';
import { whyNoInvoker } from '../../pilots/no-invoker.ts';
import { readStatus } from '../read-status.ts';
import { defaultStateDirectory, StateDirectory } from '../state-directory.ts';

export function pilotsCommand(): Command {
  const command = new Command('pilots').description('The pilot jobs of a running controller.');
  command.command('explain')
    .description('Says why the pilot manager holds the backlog it holds, and why there is no invoker when there is none.')
    .option('--state <dir>', 'state directory of the controller', defaultStateDirectory())
    .option('--json', 'print JSON', false)
    .action(async (options: { state: string; json: boolean }) => {
      const { pilots, invokers } = await readStatus(new StateDirectory(options.state));
      const noInvoker = whyNoInvoker({ ...pilots, invokers: invokers.filter(({ state }) => state === 'healthy').length });
      if (options.json) {
        console.log(JSON.stringify({ policy: pilots.policy, pending: pilots.pending, running: pilots.running, nodes: pilots.nodes, why: pilots.why, noInvoker: noInvoker ?? null }, null, 2));
        return;
      }
      console.log(`${pilots.pending} pilots pending, ${pilots.running} running, ${pilots.nodes.idle} of ${pilots.nodes.total} nodes idle (policy ${pilots.policy}).`);
      for (const sentence of [...pilots.why, ...noInvoker === undefined ? [] : [noInvoker]]) console.log(sentence);
    });
  return command;
}
