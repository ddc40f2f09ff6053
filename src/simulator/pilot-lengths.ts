/** The paper's sets of pilot lengths, minutes. */
export const LENGTH_SETS: Readonly<Record<string, readonly number[]>> = {
  A1: [2, 4, 6, 8, 14, 22, 34, 56, 90],
  A2: [2, 4, 8, 12, 20, 34, 54, 88],
  A3: [2, 4, 6, 10, 16, 26, 42, 68, 110],
  B: [2, 4, 8, 16, 32, 64],
  C1: everySecond(20),
  C2: everySecond(120),
};

/** A limit of Slurm is whole minutes, and none is longer than a year. */
const MAX_MINUTES = 366 * 1440;

/**
 * A set by its name, or lengths in minutes with commas between them.
 * @returns undefined where the text is neither
 */
export function parsePilotLengths(text: string): readonly number[] | undefined {
  const named = Object.entries(LENGTH_SETS).find(([name]) => name === text.trim().toUpperCase());
  if (named !== undefined) return named[1];
  const words = text.split(',').map((word) => word.trim());
  if (!words.every((word) => /^[0-9]{1,6}$/.test(word) && Number(word) >= 1 && Number(word) <= MAX_MINUTES)) return undefined;
  return [...new Set(words.map(Number))].sort((a, b) => a - b);
}

function everySecond(max: number): number[] {
  return Array.from({ length: max / 2 }, (_, index) => 2 * (index + 1));
}
