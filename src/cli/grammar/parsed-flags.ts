import type { JsonObject } from '../../domain/json.ts';
import { parameterValue, readJsonObject } from '../../client/parameter-values.ts';
import type { Flag } from './flag.ts';

type Parameter = { key: string; value: string } | { file: string };

/** What the flags of one command line say. */
export class ParsedFlags {
  readonly #values = new Map<string, string | number | boolean>();
  readonly #texts = new Map<string, string[]>();
  readonly #parameters = new Map<string, Parameter[]>();

  set(flag: Flag, value: string | number | boolean): void {
    this.#values.set(flag.name, value);
  }

  append(name: string, text: string): void {
    this.#texts.set(name, [...this.texts(name), text]);
  }

  add(name: string, parameter: Parameter): void {
    this.#parameters.set(name, [...this.#parameters.get(name) ?? [], parameter]);
  }

  has(name: string): boolean {
    return this.#values.has(name) || this.#parameters.has(name) || this.#texts.has(name);
  }

  on(name: string): boolean {
    return this.#values.get(name) === true;
  }

  text(name: string): string | undefined {
    const value = this.#values.get(name);
    return typeof value === 'string' ? value : undefined;
  }

  number(name: string): number | undefined {
    const value = this.#values.get(name);
    return typeof value === 'number' ? value : undefined;
  }

  texts(name: string): readonly string[] {
    return this.#texts.get(name) ?? [];
  }

  /** The pairs and files of a pair flag in one object; what comes later wins. @throws {WhiskError} a file without a JSON object */
  async object(name: string): Promise<JsonObject> {
    const merged: JsonObject = {};
    for (const parameter of this.#parameters.get(name) ?? []) {
      if ('file' in parameter) Object.assign(merged, await readJsonObject(parameter.file));
      else merged[parameter.key] = parameterValue(parameter.value);
    }
    return merged;
  }
}
