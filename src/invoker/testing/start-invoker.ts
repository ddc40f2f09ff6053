import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../clock/system-clock.ts';
import { silentLogger } from '../../domain/logger.ts';
import { runtimeLauncher } from '../../runtimes/launch.ts';
import type { Sandbox, SandboxChoice } from '../../sandbox/sandbox.ts';
import { Invoker } from '../invoker.ts';
import type { InvokerParts } from '../invoker.ts';
import type { InvokerOptions } from '../options.ts';
import { ScriptedController } from './scripted-controller.ts';

const ASSETS = fileURLToPath(new URL('../../../runtimes', import.meta.url));

export interface StartedInvoker {
  invoker: Invoker;
  controller: ScriptedController;
  scratchDir: string;
  /** Drains it if it has not ended yet, and removes its directory. */
  stop(): Promise<void>;
}

/** Makes the sandbox; tests, unlike rooms, may see the backends. */
export type SandboxMaker = (choice: SandboxChoice, scratchDir: string) => Promise<Sandbox>;

/** An invoker with real boxes and a scripted controller. Without stem cells unless asked for. */
export function startInvoker(
  choice: SandboxChoice, make: SandboxMaker, options: Partial<InvokerOptions> = {}, parts: Partial<InvokerParts> = {},
): StartedInvoker {
  const scratchDir = mkdtempSync(join(tmpdir(), 'hpcwhisk-invoker-'));
  const controller = new ScriptedController();
  const invoker = new Invoker({
    link: controller.link,
    sandbox: () => make(choice, scratchDir),
    imageSandbox: () => Promise.reject(new Error('This test has no images.')),
    launcher: runtimeLauncher(ASSETS),
    clock: systemClock,
    // What goes wrong in the platform itself belongs into the test's output.
    logger: { ...silentLogger, error: (fields, text) => { console.error(text, fields); } },
    options: { invokerId: 'i1', node: 'n1', memoryMB: 2048, leaseEndsAt: null, prewarm: [], ...options },
    ...parts,
  });
  invoker.start();
  return {
    invoker, controller, scratchDir,
    stop: async () => {
      await invoker.drain('shutdown');
      rmSync(scratchDir, { recursive: true, force: true });
    },
  };
}
