import type { JsonValue } from '../../domain/json.ts';
import { isJsonObject } from '../../domain/json.ts';

/** `${NAME}` anywhere in a text, or a text that is `$NAME`, is the variable's value; `$$` is a dollar. */
const VARIABLE = /\$\$|\$\{(?<braced>\w+)\}|^\$(?<whole>\w+)$/g;

/** Puts the environment into the texts of a manifest. */
export class Environment {
  readonly #variables: NodeJS.ProcessEnv;
  readonly #missing = new Set<string>();

  constructor(variables: NodeJS.ProcessEnv) {
    this.#variables = variables;
  }

  /** Names that were asked for and are not set; nothing stood in for them. */
  get missing(): readonly string[] {
    return [...this.#missing];
  }

  text(text: string): string {
    return text.replace(VARIABLE, (match, braced: string | undefined, whole: string | undefined) => {
      const name = braced ?? whole;
      if (name === undefined) return match === '$$' ? '$' : match;
      const value = this.#variables[name];
      if (value === undefined) this.#missing.add(name);
      return value ?? '';
    });
  }

  /** In all texts of a value, however deep. */
  value(value: JsonValue): JsonValue {
    if (typeof value === 'string') return this.text(value);
    if (Array.isArray(value)) return value.map((one) => this.value(one));
    if (isJsonObject(value)) return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, this.value(one)]));
    return value;
  }
}
