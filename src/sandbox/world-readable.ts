import { statSync } from 'node:fs';
import { dirname } from 'node:path';

const OTHERS_READ = 0o004;
const OTHERS_ENTER = 0o001;

/** Whether any user can open what stands at this absolute path: all directories above it let everyone through. */
export function isWorldReadable(path: string): boolean {
  const { mode } = statSync(path);
  if ((mode & OTHERS_READ) === 0) return false;
  for (let above = dirname(path); ; above = dirname(above)) {
    if ((statSync(above).mode & OTHERS_ENTER) === 0) return false;
    if (above === '/') return true;
  }
}
