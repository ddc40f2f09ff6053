import type { KeyValue } from '../domain/action.ts';
import type { ActivationMessage, ActivationRecord, ActivationResponse } from '../domain/activation.ts';
import type { Frame } from '../domain/composition.ts';

/** The record of a sequence or conductor: what its components were and took together. @param end epoch ms */
export function compositionRecord(message: ActivationMessage, frame: Frame, response: ActivationResponse, end: number): ActivationRecord {
  const { action, cause, memory } = frame;
  const annotations: KeyValue[] = [
    { key: 'topmost', value: cause === undefined },
    { key: 'path', value: action.path },
    { key: 'kind', value: 'sequence' },
  ];
  if (frame.type === 'conductor') annotations.push({ key: 'conductor', value: true });
  if (cause !== undefined) annotations.push({ key: 'causedBy', value: 'sequence' });
  if (action.binding !== undefined) annotations.push({ key: 'binding', value: action.binding });
  // A sequence none of whose components ran took no memory.
  if (memory !== undefined) annotations.push({ key: 'limits', value: { ...action.limits, memory } });
  return {
    namespace: message.namespace,
    name: action.name,
    subject: message.subject,
    activationId: frame.activationId,
    start: frame.start,
    end,
    duration: frame.duration,
    response,
    logs: [...frame.logs],
    version: action.version,
    publish: false,
    annotations,
    ...(cause === undefined ? {} : { cause }),
  };
}
