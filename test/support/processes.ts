import { readdir, readFile } from 'node:fs/promises';

/** Processes whose environment has `entry` (`NAME=value`) and whose command line has `word`. */
export async function processesWith(entry: string, word: string): Promise<number[]> {
  const found: number[] = [];
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const read = (file: string): Promise<string> => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
    const [environment, command] = await Promise.all([read('environ'), read('cmdline')]);
    if (command.includes(word) && environment.split('\0').includes(entry)) found.push(Number(pid));
  }
  return found;
}
