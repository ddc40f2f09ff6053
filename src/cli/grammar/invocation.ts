import type { ConnectionSettings } from '../../client/connection-settings.ts';
import { parseEntityName, parseNamespace, parseQualifiedName, type QualifiedName } from '../../client/qualified-name.ts';
import type { WhiskClient } from '../../client/whisk-client.ts';
import type { Output } from '../render/output.ts';
import type { CommandOutline } from './flag.ts';
import type { ParsedFlags } from './parsed-flags.ts';

interface InvocationParts {
  words: readonly string[];
  flags: ParsedFlags;
  out: Output;
  settings: ConnectionSettings;
  /** Where the properties are kept; empty for nowhere. */
  propertiesPath: string;
  connect: () => WhiskClient;
  outline: () => Promise<readonly CommandOutline[]>;
}

/** One run of a command: its words and flags, where it prints, and the API it talks to. */
export class Invocation {
  readonly words: readonly string[];
  readonly flags: ParsedFlags;
  readonly out: Output;
  readonly settings: ConnectionSettings;
  readonly propertiesPath: string;
  /** All commands that there are, for the shells. */
  readonly outline: () => Promise<readonly CommandOutline[]>;
  readonly #connect: () => WhiskClient;
  #client: WhiskClient | undefined;

  constructor({ words, flags, out, settings, propertiesPath, connect, outline }: InvocationParts) {
    this.words = words;
    this.flags = flags;
    this.out = out;
    this.settings = settings;
    this.propertiesPath = propertiesPath;
    this.outline = outline;
    this.#connect = connect;
  }

  /** @throws {WhiskError} when the API host is not valid */
  get client(): WhiskClient {
    return this.#client ??= this.#connect();
  }

  word(at: number): string {
    return this.words[at] ?? '';
  }

  /** A word that names an entity. @throws {WhiskError} usage */
  entity(at: number): QualifiedName {
    return parseEntityName(this.word(at), this.settings.namespace);
  }

  /** A word that may name an entity, a package or a namespace; without one, the namespace in use. @throws {WhiskError} usage */
  anyName(at: number): QualifiedName {
    const word = this.words[at];
    return word === undefined ? { namespace: this.settings.namespace, package: '', entity: '', name: '' } : parseQualifiedName(word, this.settings.namespace);
  }

  /** A word that names a namespace; without one, the namespace in use. @throws {WhiskError} usage */
  namespace(at: number): string {
    const word = this.words[at];
    return word === undefined ? this.settings.namespace : parseNamespace(word, this.settings.namespace);
  }
}
