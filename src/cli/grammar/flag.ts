/** A flag of a command line, as data. */

/**
 * What a flag takes:
 *   boolean    nothing
 *   text       one word
 *   optional   one word, or `true` where another flag follows or none
 *   integer    a whole number
 *   pair       two words, KEY VALUE; may be repeated
 *   json-file  the name of a file with a JSON object; may be repeated; goes where `into` says, in the order of the words
 *   texts      one word; may be repeated
 */
export type FlagKind = 'boolean' | 'text' | 'optional' | 'integer' | 'pair' | 'json-file' | 'texts';

export interface Flag {
  readonly name: string;
  readonly short?: string;
  readonly kind: FlagKind;
  /** What the help calls the word. */
  readonly value?: string;
  /** Of a json-file: the pair flag it is another way to write. */
  readonly into?: string;
  readonly description: string;
}

/** What a shell completes. */
export interface CommandOutline {
  readonly name: string;
  readonly description: string;
  readonly flags: readonly Flag[];
  /** Verbs, or words that it takes. */
  readonly verbs: readonly CommandOutline[];
}
