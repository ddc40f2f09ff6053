/** Readers of option values; a bad value names what would be a good one. */
import { InvalidArgumentError } from 'commander';

export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
    }
    return value;
  };
}

export function positiveNumber(max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value) || value <= 0 || value > max) {
      throw new InvalidArgumentError(`It must be a number above 0 and up to ${max}.`);
    }
    return value;
  };
}

/** The name of a host, without a port. */
export function webDomain(text: string): string {
  if (!/^(?:[0-9a-z](?:[0-9a-z-]*[0-9a-z])?\.)*[0-9a-z](?:[0-9a-z-]*[0-9a-z])?$/i.test(text) || text.length > 200) throw new InvalidArgumentError('It must be the name of a host, without a port.');
  return text.toLowerCase();
}
