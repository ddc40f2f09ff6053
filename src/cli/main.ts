/**
 * The command line. Its first word decides: a noun of wsk's grammar is a client of some platform's API, everything else
 * runs a platform. Each side loads only what it needs.
 */
import { nounIn } from './nouns.ts';

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
