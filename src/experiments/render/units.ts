/** `0.9534` as `95.34 %`; shares that round to 100 without being it show more digits. */
export function percent(share: number): string {
  const value = share * 100;
  if (value < 100 && value > 99.99) return `${(Math.floor(value * 10_000) / 10_000).toFixed(4)} %`;
  return `${value.toFixed(value === 0 || value === 100 ? 0 : 2)} %`;
}

export function milliseconds(ms: number): string {
  if (ms >= 1000) return seconds(ms / 1000);
  return `${significant(ms)} ms`;
}

export function seconds(value: number): string {
  return `${significant(value)} s`;
}

/** A difference; it can be negative where it drowns in noise. */
export function signedSeconds(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2)} s`;
}

/** A length of time in the largest unit that fits. */
export function duration(value: number): string {
  if (value < 120) return seconds(value);
  return `${significant(value / 60)} min`;
}

/** So many significant digits, without an exponent or needless zeros. */
export function significant(value: number, digits = 3): string {
  return Math.abs(value) >= 1000 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(digits)));
}

export function count(value: number): string {
  return value.toLocaleString('en-US');
}
