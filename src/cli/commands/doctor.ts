import { Command } from 'commander';
import { doctor, type Finding } from '../../slurm/doctor.ts';
import { readSite } from '../../slurm/site.ts';
import { SlurmError } from '../../slurm/slurm.ts';
import { CommandError } from '../command-error.ts';

const MARKS = { ok: 'ok   ', warn: 'WARN ', error: 'ERROR' } as const;

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('Reads the configuration of this site\'s Slurm (two scontrol calls) and says what helps and what hurts pilot jobs. Exit status 1 when something is in error.')
    .option('--partition <name>', 'partition of the pilots (default: the cluster\'s default partition)')
    .option('--json', 'print JSON', false)
    .action(async (options: { partition?: string; json: boolean }) => {
      const findings = await examine(options.partition);
      console.log(options.json ? JSON.stringify(findings, null, 2) : findings.map(line).join('\n'));
      if (findings.some((finding) => finding.level === 'error')) process.exitCode = 1;
    });
}

async function examine(partition: string | undefined): Promise<Finding[]> {
  try {
    return doctor(await readSite(), partition === undefined ? {} : { partition });
  } catch (error) {
    if (error instanceof SlurmError) throw new CommandError('ESLURM', error.message, 69, { cause: error });
    throw error;
  }
}

function line(finding: Finding): string {
  const advice = finding.advice === '' ? '' : `\n      → ${finding.advice}`;
  return `${MARKS[finding.level]} ${finding.code}: ${finding.text}${advice}`;
}
