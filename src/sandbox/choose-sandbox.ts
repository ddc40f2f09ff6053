import { BubblewrapSandbox } from './bubblewrap/bubblewrap-sandbox.ts';
import type { BubblewrapNetwork } from './bubblewrap/arguments.ts';
import { CharliecloudSandbox } from './charliecloud/charliecloud-sandbox.ts';
import { ProcessSandbox } from './process/process-sandbox.ts';
import type { Sandbox, SandboxChoice } from './sandbox.ts';

export interface ChosenSandbox {
  sandbox: Sandbox;
  /** With `auto`: why it is not the better one. */
  reason?: string;
}

/** The sandbox for actions in images. */
export function imageSandbox(options: { network?: BubblewrapNetwork }): Sandbox {
  return new CharliecloudSandbox(options);
}

/**
 * The sandbox by name, or with `auto` bubblewrap where it works, else plain processes.
 * @throws {Error} when the one that was named does not work here
 */
export async function chooseSandbox(choice: SandboxChoice, options: { scratchDir: string; network?: BubblewrapNetwork }): Promise<ChosenSandbox> {
  if (choice === 'process') return { sandbox: new ProcessSandbox(options) };
  const bubblewrap = new BubblewrapSandbox(options.network === undefined ? {} : { network: options.network });
  const reason = await bubblewrap.probe();
  if (reason === undefined) return { sandbox: bubblewrap };
  if (choice === 'bubblewrap') throw new Error(reason);
  return { sandbox: new ProcessSandbox(options), reason };
}
