/** The list of activations, in wsk's columns. */
import { valueOf } from '../../client/parameter-values.ts';
import type { ActivationResource } from '../../client/resources.ts';
import { printList } from './list.ts';
import type { Output } from './output.ts';

const STATUSES = ['success', 'application error', 'developer error', 'internal error'];

export function printActivations(out: Output, activations: readonly ActivationResource[]): void {
  const kindWidth = Math.max('Kind'.length, ...activations.map((one) => kindOf(one).length));
  const statusWidth = Math.max('success'.length, ...activations.map((one) => statusOf(one).length));
  printList(out, activations, {
    header: `${'Datetime'.padEnd(19)} ${'Activation ID'.padEnd(32)} ${'Kind'.padEnd(kindWidth)} Start ${'Duration'.padEnd(10)} ${'Status'.padEnd(statusWidth)} Entity`,
    name: ({ activationId }) => activationId,
    row: (one) => [
      localTime(one.start), one.activationId.padEnd(32), kindOf(one).padEnd(kindWidth), valueOf(one.annotations, 'initTime') === undefined ? 'warm ' : 'cold ',
      goDuration((one.duration ?? 0) === 0 ? 0 : (one.end ?? one.start) - one.start).padEnd(10), statusOf(one).padEnd(statusWidth),
      `${shortened(one.namespace, 20)}/${shortened(one.name, 30)}:${shortened(one.version, 20)}`,
    ].join(' '),
    more: (one) => `${numberText(valueOf(one.annotations, 'waitTime'))} ${numberText(valueOf(one.annotations, 'initTime'))}`,
  });
}

function kindOf({ annotations }: ActivationResource): string {
  const kind = valueOf(annotations, 'kind');
  return typeof kind === 'string' ? kind : 'unknown';
}

function statusOf({ statusCode = 0, response }: ActivationResource): string {
  // A full record has the words instead of the code.
  if (response?.status !== undefined) return response.status.replace('action developer', 'developer').replace('whisk internal', 'internal');
  return STATUSES[statusCode] ?? 'success';
}

function localTime(epochMs: number): string {
  const time = new Date(epochMs);
  const two = (part: number): string => String(part).padStart(2, '0');
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

/** As Go prints a duration: 0s, 12ms, 1.234s, 1m0.5s, 1h0m3s. */
export function goDuration(ms: number): string {
  if (ms <= 0) return '0s';
  if (ms < 1000) return `${ms}ms`;
  const minutes = Math.floor(ms / 60_000);
  const seconds = `${(ms % 60_000) / 1000}s`;
  if (minutes === 0) return seconds;
  return minutes < 60 ? `${minutes}m${seconds}` : `${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}`;
}

/** The middle of what is too long gives way to dots. */
function shortened(text: string, length: number): string {
  if (text.length <= length) return text;
  const head = Math.ceil(length / 2);
  return `${text.slice(0, head)}...${text.slice(text.length - Math.floor(length / 2) + 3)}`;
}

function numberText(value: unknown): string {
  return typeof value === 'number' ? `${value}ms` : '-';
}
