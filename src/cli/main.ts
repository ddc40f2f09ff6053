/** The command line: one file per command in `commands/`. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { CommandError, errorText } from './command-error.ts';
import { doctorCommand } from './commands/doctor.ts';
import { invokerCommand } from './commands/invoker.ts';
import { replayCommand } from './commands/replay.ts';
import { statusCommand } from './commands/status.ts';
import { testbedCommand } from './commands/testbed.ts';
import { upCommand } from './commands/up.ts';

const EXIT_USAGE = 64;

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };

const program = new Command('hpcwhisk')
  .description('Functions on the idle nodes of a supercomputer: OpenWhisk calls on preemptible Slurm pilot jobs.')
  .version(version)
  .configureOutput({ outputError: (text, write) => { write(`${text.trim().replace(/^error: /, 'hpcwhisk: EUSAGE: ').replaceAll('\n', ' ')}\n`); } });

for (const command of [upCommand(), statusCommand(), invokerCommand(), testbedCommand(), replayCommand(), doctorCommand()]) {
  inheritSettings(command);
  program.addCommand(command);
}
program.exitOverride();

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : EXIT_USAGE;
  } else if (error instanceof CommandError) {
    console.error(`hpcwhisk: ${error.code}: ${error.message}`);
    process.exitCode = error.exitCode;
  } else {
    console.error(`hpcwhisk: EINTERNAL: ${errorText(error)}`);
    if (error instanceof Error && process.env['HPCWHISK_DEBUG'] !== undefined) console.error(error.stack);
    process.exitCode = 70;
  }
}

function inheritSettings(command: Command): void {
  command.copyInheritedSettings(program).exitOverride();
  for (const sub of command.commands) inheritSettings(sub);
}
