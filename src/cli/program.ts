/** The commands that run and look after a platform: one file per command in `commands/`. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { CommandError, errorText } from './command-error.ts';
import { analyzeCommand } from './commands/analyze.ts';
import { collectCommand } from './commands/collect.ts';
import { doctorCommand } from './commands/doctor.ts';
import { invokerCommand } from './commands/invoker.ts';
import { planCommand } from './commands/plan.ts';
import { pilotsCommand } from './commands/pilots.ts';
import { replayCommand } from './commands/replay.ts';
import { simulateCommand } from './commands/simulate.ts';
import { statusCommand } from './commands/status.ts';
import { testbedCommand } from './commands/testbed.ts';
import { upCommand } from './commands/up.ts';
import { userCommand } from './commands/user.ts';
import type { CommandOutline, Flag } from './grammar/flag.ts';
import { NOUNS } from './nouns.ts';

const EXIT_USAGE = 64;

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };

/** What there is, for the shells. */
export function platformOutline(): CommandOutline[] {
  return platform().commands.map(outlineOf);
}

function outlineOf(command: Command): CommandOutline {
  return {
    name: command.name(), description: command.description(), verbs: command.commands.map(outlineOf),
    flags: command.options.map((option): Flag => ({ name: option.long?.slice(2) ?? '', description: option.description, kind: option.required ? 'text' : 'boolean' })),
  };
}

function platform(): Command {
  const program = new Command('hpcwhisk')
    .description('Functions on the idle nodes of a supercomputer: OpenWhisk calls on preemptible Slurm pilot jobs.')
    .version(version)
    .addHelpText('after', `\nWith wsk's grammar, for the users of the platform:\n${NOUNS.map(({ name, description }) => `  ${name.padEnd(12)} ${description}`).join('\n')}`)
    .configureOutput({ outputError: (text, write) => { write(`${text.trim().replace(/^error: /, 'hpcwhisk: EUSAGE: ').replaceAll('\n', ' ')}\n`); } });

  for (const command of [upCommand(), statusCommand(), pilotsCommand(), userCommand(), invokerCommand(), testbedCommand(), replayCommand(), doctorCommand(), collectCommand(), analyzeCommand(), simulateCommand(), planCommand()]) {
    inheritSettings(command, program);
    program.addCommand(command);
  }
  return program.exitOverride();
}

/** Runs the command that the words name and sets the exit status. */
export async function runProgram(): Promise<void> {
  const program = platform();
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
}

function inheritSettings(command: Command, program: Command): void {
  command.copyInheritedSettings(program).exitOverride();
  for (const sub of command.commands) inheritSettings(sub, program);
}
