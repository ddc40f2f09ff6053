/** `npm run bench [-- EXPERIMENT]`: everything quick in one interleaved run, each figure with its ratio, or one longer experiment. `--json`: JSON alone on standard output. `--quick`: fewer samples. */
import { benchPlacement, type PlacementCost } from './placement.ts';
import { benchFunctionStarts, benchInvokerStart, type FunctionStart, type InvokerStart } from './starts.ts';
import { benchWarmCalls, type WarmCalls } from './warm-calls.ts';

interface Results {
  node: string;
  warmCalls: WarmCalls[];
  functionStarts: FunctionStart[];
  invokerStart: InvokerStart;
  placement: PlacementCost[];
}

/** Experiments that take minutes run only when they are named. */
const EXPERIMENTS: Readonly<Record<string, (quick: boolean, options: readonly string[]) => Promise<{ results: object; text: string }>>> = {
  'start-delay': async (quick) => {
    const { benchStartDelay, startDelayText } = await import('./start-delay.ts');
    const results = await benchStartDelay('main', quick ? 1 : 4);
    return { results, text: startDelayText(results) };
  },
  'start-delay-backfill': async (quick) => {
    const { benchStartDelay, startDelayText } = await import('./start-delay.ts');
    const results = await benchStartDelay('backfill', quick ? 1 : 3);
    return { results, text: startDelayText(results) };
  },
  'activations': async (quick) => {
    const { activationsText, benchActivations } = await import('./activations.ts');
    const results = await (quick ? benchActivations(100_000, 50) : benchActivations(1_000_000, 200));
    return { results, text: activationsText(results) };
  },
  'validate': async (quick, options) => {
    const { benchValidate } = await import('./validate/validate.ts');
    return benchValidate(quick, options);
  },
};
/** Experiments that take options of their own. */
const WITH_OPTIONS: ReadonlySet<string> = new Set(['validate']);

const args = process.argv.slice(2);
const own = args.filter((arg) => arg !== '--json' && arg !== '--quick');
const options = WITH_OPTIONS.has(own[0] ?? '') ? own.splice(1) : [];
const named = own.filter((arg) => !arg.startsWith('--'));
const unknown = own.filter((arg) => EXPERIMENTS[arg] === undefined);
if (unknown.length > 0 || named.length > 1) {
  console.error(`bench: EUSAGE: ${unknown.length > 0 ? `unknown argument ${unknown.join(' ')}` : 'one experiment at a time'}; known are --json, --quick and the experiments ${Object.keys(EXPERIMENTS).join(', ')}`);
  process.exit(64);
}
const quick = args.includes('--quick');
const { results, text } = await (EXPERIMENTS[named[0] ?? ''] ?? benchAll)(quick, options).catch((error: unknown) => {
  // A RangeError of an experiment's options, or parseArgs' TypeError: somebody's words, not a fault.
  if (!(error instanceof RangeError) && !(error instanceof TypeError && 'code' in error)) throw error;
  console.error(`bench: EUSAGE: ${error.message}`);
  process.exit(64);
});
console.log(args.includes('--json') ? JSON.stringify(results, null, 2) : text);

async function benchAll(quick: boolean): Promise<{ results: Results; text: string }> {
  const tell = (line: string): void => { if (process.stderr.isTTY) console.error(line); };
  tell('warm calls …');
  const warmCalls = await benchWarmCalls(quick ? 2 : 5, quick ? 1 : 3);
  tell('starts of functions …');
  const functionStarts = await benchFunctionStarts(quick ? 5 : 20);
  tell('starts of the invoker …');
  const invokerStart = await benchInvokerStart(quick ? 5 : 20);
  tell('placement …');
  const placement = benchPlacement();
  const results: Results = { node: process.version, warmCalls, functionStarts, invokerStart, placement };
  return { results, text: table(results) };
}

function table({ warmCalls, functionStarts, invokerStart, placement }: Results): string {
  return [
    'Warm blocking calls (small JSON, Node.js action), beside a bare HTTP echo of the same language in the same run',
    ...columns(['connections', 'calls/s', 'of the echo', 'p50 ms', 'x echo', 'p99 ms', 'x echo', 'failed'], warmCalls.map((row) => [
      String(row.connections), row.platform.requestsPerSecond.toFixed(0), row.throughputRatio.toFixed(3),
      row.platform.p50.toFixed(2), row.p50Ratio.toFixed(1), row.platform.p99.toFixed(2), row.p99Ratio.toFixed(1), String(row.platform.failed),
    ])),
    '',
    'First call of a function in bubblewrap: what it takes longer than a warm one; ratio to the bare interpreter started and ended',
    ...columns(['kind', 'start', 'start p50 ms', 'x interpreter', 'answer p50 ms', '/init p50 ms'], functionStarts.map((row) => [
      row.kind, row.start, row.startMs.toFixed(1), row.ratio.toFixed(2), row.answerMs.toFixed(1), row.initMs.toFixed(1),
    ])),
    '',
    `Invoker, exec to registered: p50 ${invokerStart.registeredMs.toFixed(1)} ms, ${invokerStart.ratio.toFixed(2)} x the start and end of a bare Node.js`,
    '',
    'One placement decision and its release; ratio to the cost at 10 invokers',
    ...columns(['invokers', 'ns', 'x 10 invokers'], placement.map((row) => [String(row.invokers), row.nanoseconds.toFixed(0), row.ratio.toFixed(2)])),
  ].join('\n');
}

function columns(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  return [header, ...rows].map((row) => `  ${row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  ')}`);
}
