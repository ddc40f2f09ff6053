/** Commands as data: what parses, explains and completes them is written once, beside this file. */
import type { Flag } from './flag.ts';
import type { Invocation } from './invocation.ts';

export interface CommandSpec {
  readonly name: string;
  /** What the words behind it are, as the help shows them. */
  readonly usage: string;
  /** Fewest and most words behind it. */
  readonly words: readonly [number, number];
  /** Said when there are more or fewer. */
  readonly required: string;
  readonly description: string;
  readonly flags: readonly Flag[];
  readonly run: (invocation: Invocation) => Promise<void>;
}

/** A noun with verbs, or one that is a command itself (`list`). */
export interface Noun {
  readonly name: string;
  readonly description: string;
  readonly commands: readonly CommandSpec[];
  /** What the noun does without a verb. */
  readonly itself?: CommandSpec;
}
