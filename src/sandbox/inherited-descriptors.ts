import { closeSync, readFileSync, readdirSync } from 'node:fs';

const O_CLOEXEC = 0o2000000;
const FIRST_BEYOND_STDIO = 3;

/**
 * Descriptors beyond stdio that every child would inherit: whatever started this process left them open. Node.js opens
 * its own with close-on-exec, so those without it are not its own.
 */
export function inheritedDescriptors(): number[] {
  const inherited: number[] = [];
  for (const name of readdirSync('/proc/self/fdinfo')) {
    const descriptor = Number(name);
    if (descriptor < FIRST_BEYOND_STDIO) continue;
    try {
      const flags = /^flags:\s+([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${name}`, 'latin1'))?.[1];
      if (flags !== undefined && (Number.parseInt(flags, 8) & O_CLOEXEC) === 0) inherited.push(descriptor);
    } catch {
      // It was the descriptor of the listing itself.
    }
  }
  return inherited;
}

/** Closes them, so that no box sees them. For the start of a program that knows it was given none on purpose. */
export function closeInheritedDescriptors(): void {
  for (const descriptor of inheritedDescriptors()) closeSync(descriptor);
}
