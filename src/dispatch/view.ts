import type { DispatchView, InvokerView } from './dispatch.ts';
import type { Invoker } from './invoker.ts';
import type { Registry } from './registry.ts';

/** What the dispatcher shows of itself. */
export function viewOf<C>(registry: Registry<C>, rest: Omit<DispatchView, 'invokers' | 'running'>): DispatchView {
  const invokers = Array.from(registry.all(), invokerView);
  const running = invokers.reduce((sum, invoker) => sum + invoker.running, 0);
  return { ...rest, counts: { ...rest.counts }, invokers, running };
}

function invokerView<C>(invoker: Invoker<C>): InvokerView {
  const { description, placed } = invoker;
  return {
    id: invoker.id,
    node: description.node,
    ...(description.jobId === undefined ? {} : { jobId: description.jobId }),
    state: invoker.draining ? 'draining' : invoker.silent || invoker.connection === undefined ? 'silent' : 'healthy',
    memoryMB: placed.memoryMB,
    freeMemoryMB: Math.max(0, placed.freeMB),
    running: invoker.assigned.size,
    leaseEndsAt: placed.leaseEndsAt === Infinity ? null : placed.leaseEndsAt,
    joinedAt: invoker.joinedAt,
    ...startup(invoker),
  };
}

/** Known from the very first join only: a later one (after a restart of the controller) says nothing of the start. */
function startup<C>({ description: { startupMs, startedAt }, joinedAt }: Invoker<C>): { startupMs?: number } {
  if (startupMs === undefined) return {};
  return { startupMs: startedAt === undefined ? startupMs : Math.max(0, joinedAt - startedAt) };
}
