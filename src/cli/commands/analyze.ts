import { Command } from 'commander';
import { wholeNumber } from '../option-values.ts';

interface AnalyzeOptions {
  json: boolean;
  html?: string;
  day?: string;
  timezone?: string;
  nodes?: number;
}

export function analyzeCommand(): Command {
  return new Command('analyze')
    .description('How idle is a cluster? Reads logs of nodes (of "hpcwhisk collect" and of the paper), dumps of "sacct -P", and files in the Standard Workload Format, gzipped or not.')
    .argument('<file...>', 'the files of one log, in any order')
    .option('--day <YYYY-MM-DD>', 'only this local day, or days with both ends: 2022-02-21..2022-02-27')
    .option('--timezone <name>', 'of --day, of the report, and of times in a dump of sacct (default: what the log says; Europe/Warsaw for the paper\'s logs; else this machine\'s)')
    .option('--nodes <number>', 'nodes of the cluster (default: what the log tells)', wholeNumber(1, 1_000_000))
    .option('--html <file>', 'also write a page with plots, which needs nothing beside itself')
    .option('--json', 'print JSON', false)
    .action(async (files: string[], options: AnalyzeOptions) => {
      const [{ loadTrace, inItsWords, writeOutput }, { analyze }, { tableOf, tableText }] = await Promise.all([
        import('../trace-files.ts'), import('../../experiments/analysis/analyze.ts'), import('../../experiments/analysis/render/table.ts'),
      ]);
      const { trace, names, timeZone } = await loadTrace(files, options.timezone);
      const analysis = inItsWords(() => analyze(trace, {
        files: names, timeZone, ...options.day === undefined ? {} : { days: options.day }, ...options.nodes === undefined ? {} : { nodes: options.nodes },
      }));
      if (options.html !== undefined) {
        const { analysisPage } = await import('../../experiments/analysis/render/page.ts');
        await writeOutput(options.html, analysisPage(analysis));
      }
      console.log(options.json ? JSON.stringify(analysis.summary, null, 2) : tableText(tableOf(analysis.summary)));
    });
}
