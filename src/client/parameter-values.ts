import { readFile } from 'node:fs/promises';
import { isJsonObject, type JsonObject, type JsonValue } from '../domain/json.ts';
import { fileError, WhiskError } from './whisk-error.ts';

export interface KeyValue { key: string; value: JsonValue; init?: boolean }

/** A word of a command line as wsk reads it: JSON where it is JSON, else the word. */
export function parameterValue(word: string): JsonValue {
  try {
    return JSON.parse(word) as JsonValue;
  } catch {
    return word;
  }
}

/** @throws {WhiskError} */
export async function readJsonObject(file: string): Promise<JsonObject> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => { throw fileError(file, error); });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new WhiskError(`The argument \`${file}\` is invalid JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!isJsonObject(value)) throw new WhiskError(`The argument \`${file}\` is invalid: it must hold a JSON object`);
  return value;
}

/** As entities carry parameters and annotations. */
export function keyValues(object: Readonly<JsonObject>): KeyValue[] {
  return Object.entries(object).map(([key, value]) => ({ key, value }));
}

export function valueOf(entries: readonly KeyValue[] | undefined, key: string): JsonValue | undefined {
  return entries?.find((entry) => entry.key === key)?.value;
}
