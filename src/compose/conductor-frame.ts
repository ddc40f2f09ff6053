/**
 * A conductor: an action that is asked again and again what comes next. Its result names an `action` to invoke with
 * `params`, and a `state` that it wants back beside that action's result; a result without `action` is the end. What
 * goes wrong between (a name that is none, an action that is not there, too many of them) is told to the conductor as
 * `{error}`, and it may go on. Conductors within conductors count their invocations together.
 */
import type { ActivationRecord } from '../domain/activation.ts';
import type { ConductorFrame, Frame } from '../domain/composition.ts';
import type { JsonObject, JsonValue } from '../domain/json.ts';
import { isJsonObject } from '../domain/json.ts';
import { componentPath } from './component-name.ts';
import type { FrameStep, Next, Obstacle } from './frame-step.ts';
import { COMPOSITION_FAILED, COMPOSITION_TOO_LONG, componentInvalid, componentNotAccessible, componentNotFound } from './messages.ts';
import { memoryOf } from './record-memory.ts';
import { errorResponse, response } from './responses.ts';

export function conductorNext(frame: ConductorFrame, input: JsonValue, limit: number): Next {
  if (frame.component !== undefined) return { do: 'invoke', path: frame.component, input, plainly: false };
  if (frame.conductors > 2 * limit) return { do: 'end', response: errorResponse(1, COMPOSITION_TOO_LONG) };
  return { do: 'invoke', path: namedPath(frame), input: frame.state === undefined ? input : { ...boxed(input), ...frame.state }, plainly: true };
}

/** @param child the composition within, where that is what is over */
export function conductorAfter(
  frame: ConductorFrame, record: ActivationRecord, child: Frame | undefined, caller: string, limit: number,
): FrameStep<ConductorFrame> {
  const { component, ...rest } = frame;
  const after: ConductorFrame = {
    ...rest,
    duration: frame.duration + record.duration,
    memory: Math.max(frame.memory, memoryOf(record) ?? 0),
    logs: [...frame.logs, record.activationId],
  };
  if (component === undefined) return told(after, record, caller, limit);
  const frameAfter: ConductorFrame = child?.type === 'conductor'
    ? { ...after, components: child.components, conductors: child.conductors }
    : { ...after, components: frame.components + 1 };
  return { frame: frameAfter, input: boxed(record.response.result) };
}

export function conductorWithout(frame: ConductorFrame, input: JsonValue, path: string, obstacle: Obstacle): FrameStep<ConductorFrame> {
  const { component, ...own } = frame;
  // The conductor itself is gone: nobody is left to be told.
  if (component === undefined || obstacle === 'failed') return { frame, input, ended: errorResponse(3, COMPOSITION_FAILED) };
  return { frame: own, input: { error: obstacle === 'missing' ? componentNotFound(path) : componentNotAccessible(path) } };
}

/** The conductor has said what comes next. */
function told(frame: ConductorFrame, { response: said }: ActivationRecord, caller: string, limit: number): FrameStep<ConductorFrame> {
  const { params, state, action } = isJsonObject(said.result) ? said.result : {};
  const after: ConductorFrame = { ...frame, conductors: frame.conductors + 1 };
  // What it does not say again is forgotten.
  if (state === undefined) delete after.state;
  else after.state = isJsonObject(state) ? state : { state };
  if (action === undefined) {
    const ended = params === undefined ? said : response(said.statusCode, boxed(params));
    return { frame: after, input: null, ended };
  }
  const path = componentPath(action, caller);
  if (path === undefined) return { frame: after, input: { error: componentInvalid(JSON.stringify(action)) } };
  if (after.components >= limit) return { frame: after, input: { error: COMPOSITION_TOO_LONG } };
  return { frame: { ...after, component: path }, input: params === undefined ? {} : boxed(params) };
}

/** As it was called: through a binding it has the binding's parameters. */
function namedPath({ action: { path, name, binding } }: ConductorFrame): string {
  return binding === undefined ? path : `${binding}/${name}`;
}

function boxed(value: JsonValue): JsonObject {
  return isJsonObject(value) ? value : { value };
}
