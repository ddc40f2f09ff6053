/** A deep copy of JSON that nobody can change. Strings, which may be megabytes of code, are shared; what is undefined is left out, as JSON does. */
export function frozenCopy<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value;
  const copy = Array.isArray(value)
    ? value.map(frozenCopy)
    : Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined).map(([key, part]) => [key, frozenCopy(part as unknown)]));
  // A copy has the type of what it copies.
  return Object.freeze(copy) as Value;
}

/** Freezes JSON in place. */
export function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value;
  for (const part of Object.values(value)) deepFreeze(part);
  return Object.freeze(value);
}
