/** Values of settings as scontrol prints them. */

/** Seconds of a time as scontrol prints it: `30`, `30 sec`, `00:05:00`, `1-00:00:00`. */
export function secondsOf(text: string): number {
  const clock = /^(?:(\d+)-)?(\d+):(\d+):(\d+)$/.exec(text);
  if (clock === null) return Number.parseInt(text, 10) || 0;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = clock.slice(1).map((field: string | undefined) => Number(field ?? 0));
  return ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
}

/** Whole minutes; infinite for `UNLIMITED`. */
export function minutesOf(text: string): number {
  return text === 'UNLIMITED' ? Infinity : Math.floor(secondsOf(text) / 60);
}
