/**
 * The command line. Its first word decides: a noun of wsk's grammar is a client of some platform's API, everything else
 * runs a platform. Each side loads only what it needs.
 */
import { nounIn } from './nouns.ts';

let readerGone = false;
process.stdout.on('error', endOfReader);

const written = process.argv.slice(2);
// "help NOUN …" is "NOUN … --help"; help for anything else is commander's.
const words = written[0] === 'help' && nounIn(written.slice(1)) !== undefined ? [...written.slice(1), '--help'] : written;
const found = nounIn(words);
if (found === undefined) {
  const { runProgram } = await import('./program.ts');
  await runProgram();
} else {
  const { runNoun } = await import('./run-noun.ts');
  process.exitCode = await runNoun(found.entry, words.slice(0, found.at), words.slice(found.at + 1));
}

/** Who read the output has gone (`hpcwhisk … | head`): what serves stops as it would by Ctrl-C, anything else ends as by SIGPIPE. */
function endOfReader(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  if (readerGone) return;
  readerGone = true;
  if (process.listenerCount('SIGTERM') > 0) process.kill(process.pid, 'SIGTERM');
  else process.exit(128 + 13);
}
