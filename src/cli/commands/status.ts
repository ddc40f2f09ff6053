import { Command } from 'commander';
import type { InvokerView } from '../../dispatch/dispatch.ts';
import { readStatus, type Status } from '../read-status.ts';
import { defaultStateDirectory, StateDirectory } from '../state-directory.ts';

/** A slot is room for one call of an action with OpenWhisk's standard memory. */
const SLOT_MB = 256;

export function statusCommand(): Command {
  return new Command('status')
    .description('Shows invokers, queue, pilots and calls per second of the controller that runs on a state directory.')
    .option('--state <dir>', 'state directory of the controller', defaultStateDirectory())
    .option('--json', 'print JSON', false)
    .action(async (options: { state: string; json: boolean }) => {
      const status = await readStatus(new StateDirectory(options.state));
      const now = Date.now();
      console.log(options.json ? JSON.stringify(detailed(status, now), null, 2) : renderStatus(status, now));
    });
}

/** With what the table computes: slots, and ms of lease left. */
function detailed(status: Status, now: number): object {
  const invokers = status.invokers.map((invoker) => ({
    ...invoker, slots: slots(invoker.memoryMB), freeSlots: slots(invoker.freeMemoryMB),
    leaseLeftMs: invoker.leaseEndsAt === null ? null : Math.max(0, invoker.leaseEndsAt - now),
  }));
  return { ...status, invokers };
}

function slots(memoryMB: number): number {
  return Math.floor(memoryMB / SLOT_MB);
}

function renderStatus(status: Status, now: number): string {
  const { pilots, callsPerSecond } = status;
  const lines = [
    `controller  ${status.url}, up ${duration(now - status.startedAt)}`,
    `calls       ${callsPerSecond.toFixed(1)}/s, ${status.counts.completed} completed, ${status.counts.rejected} rejected, ${status.running} running, ${status.queued + status.rescued} waiting`,
    `pilots      ${pilots.pending} pending, ${pilots.running} running (policy ${pilots.policy}, cluster ${pilots.cluster})${pilots.lastError === undefined ? '' : `; last error: ${pilots.lastError}`}`,
    '',
  ];
  if (status.invokers.length === 0) return [...lines, 'no invoker: no pilot job runs at the moment'].join('\n');
  const rows = status.invokers.map((invoker) => row(invoker, now));
  const header = ['NODE', 'INVOKER', 'STATE', 'RUNNING', 'FREE SLOTS', 'LEASE LEFT'];
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((cells) => cells[column]?.length ?? 0)));
  for (const cells of [header, ...rows]) lines.push(cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd());
  return lines.join('\n');
}

function row(invoker: InvokerView, now: number): string[] {
  return [
    invoker.node, invoker.id, invoker.state, String(invoker.running), `${slots(invoker.freeMemoryMB)} of ${slots(invoker.memoryMB)}`,
    invoker.leaseEndsAt === null ? '-' : duration(invoker.leaseEndsAt - now),
  ];
}

function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes}m${String(seconds % 60).padStart(2, '0')}s` : `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, '0')}m`;
}
