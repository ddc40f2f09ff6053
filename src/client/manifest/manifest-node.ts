import { isJsonObject, type JsonObject, type JsonValue } from '../../domain/json.ts';
import { WhiskError } from '../whisk-error.ts';

/** A mapping of a manifest, read with messages that say where it stands. */
export class ManifestNode {
  readonly where: string;
  readonly #fields: JsonObject;

  /** @throws {WhiskError} it is no mapping */
  constructor(where: string, value: JsonValue | undefined) {
    if (value !== undefined && value !== null && !isJsonObject(value)) throw new WhiskError(`${where} must be a mapping`);
    this.where = where;
    this.#fields = value ?? {};
  }

  /** @throws {WhiskError} it has a key that is none of these */
  allow(keys: readonly string[]): this {
    const unknown = Object.keys(this.#fields).filter((key) => !keys.includes(key));
    if (unknown.length > 0) throw new WhiskError(`${this.where}: unknown key${unknown.length === 1 ? '' : 's'} ${unknown.map((key) => `'${key}'`).join(', ')}`);
    return this;
  }

  has(key: string): boolean {
    return this.#fields[key] !== undefined && this.#fields[key] !== null;
  }

  value(key: string): JsonValue | undefined {
    return this.#fields[key] ?? undefined;
  }

  entries(): [key: string, value: JsonValue][] {
    return Object.entries(this.#fields);
  }

  /** A text; numbers and truth values as they are written. @throws {WhiskError} */
  text(key: string): string | undefined {
    const value = this.value(key);
    if (value === undefined || typeof value === 'string') return value;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    throw new WhiskError(`${this.where}: '${key}' must be a text`);
  }

  /** @throws {WhiskError} */
  number(key: string): number | undefined {
    const value = this.value(key);
    if (value === undefined || typeof value === 'number') return value;
    throw new WhiskError(`${this.where}: '${key}' must be a number`);
  }

  /** Empty where there is none. @throws {WhiskError} */
  object(key: string): JsonObject {
    const value = this.value(key);
    if (value === undefined) return {};
    if (!isJsonObject(value)) throw new WhiskError(`${this.where}: '${key}' must be a mapping`);
    return value;
  }

  /** The mapping under a key. @throws {WhiskError} */
  child(key: string, what = key): ManifestNode {
    return new ManifestNode(this.where === '' ? what : `${this.where}, ${what}`, this.value(key));
  }

  /** The mappings in the mapping under a key, by name. @param what one of them, in messages @throws {WhiskError} */
  children(key: string, what: string): [name: string, node: ManifestNode][] {
    return Object.entries(this.object(key)).map(([name, value]) => [name, new ManifestNode(`${this.where === '' ? '' : `${this.where}, `}${what} '${name}'`, value)]);
  }
}
