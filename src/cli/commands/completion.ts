import { usageError } from '../../client/whisk-error.ts';
import { completionScript, SHELLS, type Shell } from '../completion-script.ts';
import type { CommandSpec, Noun } from '../grammar/command-spec.ts';

const print: CommandSpec = {
  name: 'completion', usage: SHELLS.join('|'), words: [1, 1], required: `The shell is required: ${SHELLS.join(', ')}.`,
  description: 'print a shell completion script', flags: [],
  async run(invocation) {
    const shell = SHELLS.find((name) => name === invocation.word(0));
    if (shell === undefined) throw usageError(`'${invocation.word(0)}' is not a supported shell. Valid values are: ${SHELLS.join(', ')}.`);
    invocation.out.text(completionScript(shell satisfies Shell, await invocation.outline()));
  },
};

export const completionNoun: Noun = { name: 'completion', description: 'print a shell completion script', commands: [], itself: print };
