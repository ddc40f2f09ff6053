/** Inputs of a manifest: `name: value`, or `name: {type, value, default, required, description}`. */
import { isJsonObject, type JsonObject, type JsonValue } from '../../domain/json.ts';
import { WhiskError } from '../whisk-error.ts';
import type { Environment } from './environment.ts';

const LONG_FORM = ['type', 'value', 'default', 'required', 'description', 'status', 'schema'];
/** What an input of a type is when nothing gives a value. */
const EMPTY: Readonly<Record<string, JsonValue>> = { string: '', integer: 0, float: 0, number: 0, boolean: false, json: {}, object: {} };

/** @param given values from the command line or the deployment file, which win @throws {WhiskError} a required input has no value */
export function resolveInputs(where: string, inputs: Readonly<JsonObject>, given: Readonly<JsonObject>, environment: Environment): JsonObject {
  const resolved: JsonObject = {};
  for (const [name, input] of Object.entries({ ...inputs, ...given })) {
    const written = given[name] === undefined ? input : longForm(inputs[name]) === undefined ? given[name] : { ...inputs[name] as JsonObject, value: valueOfGiven(given[name]) };
    const value = resolve(`${where}: input '${name}'`, written, environment);
    if (value !== undefined) resolved[name] = value;
  }
  return resolved;
}

/** A deployment file may write its values long, too. */
function valueOfGiven(given: JsonValue): JsonValue {
  return longForm(given)?.['value'] ?? given;
}

function resolve(where: string, input: JsonValue, environment: Environment): JsonValue | undefined {
  const long = longForm(input);
  if (long === undefined) return typeof input === 'string' && Object.hasOwn(EMPTY, input) ? EMPTY[input] : environment.value(input);
  const { type, required } = long;
  const value = long['value'] ?? long['default'];
  if (value !== undefined && value !== null) return typed(where, environment.value(value), type);
  if (required === true) throw new WhiskError(`${where} is required and has no value`);
  return typeof type === 'string' && Object.hasOwn(EMPTY, type) ? EMPTY[type] : undefined;
}

/** Texts from the environment or of the type json become what they say. */
function typed(where: string, value: JsonValue, type: JsonValue | undefined): JsonValue {
  if (typeof value !== 'string' || typeof type !== 'string' || type === 'string' || !Object.hasOwn(EMPTY, type)) return value;
  try {
    return JSON.parse(value) as JsonValue;
  } catch {
    throw new WhiskError(`${where}: '${value}' is not of the type ${type}`);
  }
}

function longForm(input: JsonValue | undefined): JsonObject | undefined {
  if (!isJsonObject(input)) return undefined;
  const keys = Object.keys(input);
  return keys.length > 0 && keys.every((key) => LONG_FORM.includes(key)) ? input : undefined;
}
