/**
 * A sequence: each component gets the result of the one before; a result with `error` ends it. Actions are counted
 * through sequences within sequences, so that many short ones cannot make an endless one.
 */
import type { ActivationRecord } from '../domain/activation.ts';
import type { Frame, SequenceFrame } from '../domain/composition.ts';
import type { JsonValue } from '../domain/json.ts';
import type { FrameStep, Next, Obstacle } from './frame-step.ts';
import { SEQUENCE_COMPONENT_MISSING, SEQUENCE_FAILED, SEQUENCE_TOO_LONG } from './messages.ts';
import { memoryOf } from './record-memory.ts';
import { errorResponse, hasError, response } from './responses.ts';

export function sequenceNext(frame: SequenceFrame, input: JsonValue, limit: number): Next {
  const path = frame.components[frame.next];
  if (path === undefined) return { do: 'end', response: response(0, input) };
  if (frame.atomic >= limit) return { do: 'end', response: errorResponse(1, SEQUENCE_TOO_LONG) };
  return { do: 'invoke', path, input, plainly: false };
}

/** @param child the composition within, where that is what is over */
export function sequenceAfter(frame: SequenceFrame, record: ActivationRecord, child: Frame | undefined, limit: number): FrameStep<SequenceFrame> {
  const memory = Math.max(frame.memory ?? 0, memoryOf(record) ?? 0);
  const after: SequenceFrame = {
    ...frame,
    next: frame.next + 1,
    atomic: child?.type === 'sequence' ? child.atomic : frame.atomic + 1,
    duration: frame.duration + record.duration,
    logs: [...frame.logs, record.activationId],
    ...(memory > 0 ? { memory } : {}),
  };
  const { response: last } = record;
  if (after.atomic > limit) return { frame: after, input: null, ended: errorResponse(1, SEQUENCE_TOO_LONG) };
  const over = hasError(last.result) || after.next >= after.components.length;
  // What is over keeps no copy of the result.
  return over ? { frame: after, input: null, ended: last } : { frame: after, input: last.result };
}

export function sequenceWithout(frame: SequenceFrame, input: JsonValue, obstacle: Obstacle): FrameStep<SequenceFrame> {
  const ended = obstacle === 'failed' ? errorResponse(3, SEQUENCE_FAILED) : errorResponse(1, SEQUENCE_COMPONENT_MISSING);
  return { frame, input, ended };
}
