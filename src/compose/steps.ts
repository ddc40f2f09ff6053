/**
 * How compositions go on: pure transitions over StepsState. The innermost composition says which action comes next with
 * which input (`nextOf`). A plain action is run and its record given back (`returned`); a sequence or conductor begins a
 * composition within (`entered`), whose own record is given back when it ends (`left`).
 *
 *   nextOf ─ invoke ─▶ plain action ──▶ returned ─┐
 *     ▲  │        └──▶ composition ──▶ entered ───┤
 *     │  └─ end ─▶ record ─▶ left ────────────────┤
 *     └───────────────────────────────────────────┘
 */
import type { ActivationRecord, ActivationResponse } from '../domain/activation.ts';
import type { Frame, StepsState } from '../domain/composition.ts';
import type { JsonValue } from '../domain/json.ts';
import { conductorAfter, conductorNext, conductorWithout } from './conductor-frame.ts';
import { COMPOSITION_TOO_LONG, SEQUENCE_TOO_LONG } from './messages.ts';
import { errorResponse } from './responses.ts';
import type { FrameStep, Next, Obstacle } from './frame-step.ts';
import { sequenceAfter, sequenceNext, sequenceWithout } from './sequence-frame.ts';

/** Where the composition stands. `ended`: the innermost one is over, with this response. */
export interface Progress {
  readonly state: StepsState;
  readonly ended?: ActivationResponse;
}

/** More compositions within each other than any limit allows: they begin each other without end. */
const MAX_DEPTH = 250;

export function nextOf({ state, ended }: Progress, limit: number): Next {
  if (ended !== undefined) return { do: 'end', response: ended };
  const frame = innermost(state);
  return frame.type === 'sequence' ? sequenceNext(frame, state.input, limit) : conductorNext(frame, state.input, limit);
}

/** @param frame is begun with the input at hand */
export function entered(state: StepsState, frame: Frame, input: JsonValue): Progress {
  const outer = innermost(state);
  const within = { ...state, frames: [...state.frames, inherit(frame, outer)], input };
  if (within.frames.length <= MAX_DEPTH) return { state: within };
  return { state: within, ended: errorResponse(1, frame.type === 'sequence' ? SEQUENCE_TOO_LONG : COMPOSITION_TOO_LONG) };
}

/** A plain action is over. @param limit of components */
export function returned(state: StepsState, record: ActivationRecord, limit: number): Progress {
  return after(state, record, undefined, limit);
}

/** The innermost composition is over, and this is its record. @returns undefined when it was the outermost */
export function left(state: StepsState, record: ActivationRecord, limit: number): Progress | undefined {
  const frames = state.frames.slice(0, -1);
  if (frames.length === 0) return undefined;
  return after({ ...state, frames }, record, innermost(state), limit);
}

/** What the innermost composition asked for cannot be invoked. */
export function hindered(state: StepsState, path: string, obstacle: Obstacle): Progress {
  const frame = innermost(state);
  return put(state, frame.type === 'sequence'
    ? sequenceWithout(frame, state.input, obstacle)
    : conductorWithout(frame, state.input, path, obstacle));
}

export function innermost(state: StepsState): Frame {
  const frame = state.frames.at(-1);
  if (frame === undefined) throw new Error('a composition without a frame');
  return frame;
}

function after(state: StepsState, record: ActivationRecord, child: Frame | undefined, limit: number): Progress {
  const frame = innermost(state);
  return put(state, frame.type === 'sequence'
    ? sequenceAfter(frame, record, child, limit)
    : conductorAfter(frame, record, child, state.caller.namespace, limit));
}

function put(state: StepsState, { frame, input, ended }: FrameStep<Frame>): Progress {
  const next = { ...state, frames: [...state.frames.slice(0, -1), frame], input };
  return ended === undefined ? { state: next } : { state: next, ended };
}

/** Sequences within sequences count their actions together, conductors within conductors their invocations. */
function inherit(frame: Frame, outer: Frame): Frame {
  if (frame.type === 'sequence') return outer.type === 'sequence' ? { ...frame, atomic: outer.atomic } : frame;
  return outer.type === 'conductor' ? { ...frame, components: outer.components, conductors: outer.conductors } : frame;
}
