/**
 * How far something has come that the controller runs itself: all that is needed to go on with it after a restart. The
 * journal holds it as part of the activation's message. An activation id stands here as a plain string.
 *
 * The ids of what a composition begins follow from its own id and a number that counts them (see compose/step-ids.ts).
 * So a controller that goes on from any earlier state finds what a later state had begun already.
 */
import type { ActionLimits } from './action.ts';
import type { Identity } from './identity.ts';
import type { JsonObject, JsonValue } from './json.ts';

export type Composition = StepsState | FiringState | BuiltinState;

/** Sequences and conductors. */
export interface StepsState {
  readonly type: 'steps';
  readonly caller: Identity;
  /** The compositions at work, each begun by the one before it; never empty. */
  readonly frames: readonly Frame[];
  /** Activations begun so far, the outermost composition not counted. */
  readonly begun: number;
  /** What goes into whatever is invoked next. */
  readonly input: JsonValue;
}

export type Frame = SequenceFrame | ConductorFrame;

interface FrameBase {
  readonly activationId: string;
  /** Id of the composition that began this one. */
  readonly cause?: string;
  readonly action: ComposedAction;
  /** Epoch ms. */
  readonly start: number;
  /** Sum of what ran so far, ms. */
  readonly duration: number;
  /** Ids of the components. */
  readonly logs: readonly string[];
}

/** Of an action, what the record of a composition says about it. */
export interface ComposedAction {
  readonly path: string;
  readonly name: string;
  readonly version: string;
  readonly limits: ActionLimits;
  readonly binding?: string;
}

export interface SequenceFrame extends FrameBase {
  readonly type: 'sequence';
  /** `namespace/[package/]name` */
  readonly components: readonly string[];
  /** Index of the component that is to run, or runs. */
  readonly next: number;
  /** Atomic actions run so far, those of enclosing and enclosed sequences included. */
  readonly atomic: number;
  /** Largest memory limit of the components that ran, MB. */
  readonly memory?: number;
}

export interface ConductorFrame extends FrameBase {
  readonly type: 'conductor';
  /** What the conductor wants back with its next input. */
  state?: JsonObject;
  /** The component that is to run, or runs; absent when it is the conductor's turn. */
  readonly component?: string;
  /** Invocations of components and of conductors, those of enclosing and enclosed conductors included. */
  readonly components: number;
  readonly conductors: number;
  /** Largest memory limit of what ran, MB. */
  readonly memory: number;
}

/** A trigger that was fired; the message's arguments are the payload. */
export interface FiringState {
  readonly type: 'firing';
  readonly caller: Identity;
  /** The trigger's parameters with the payload over them. */
  readonly args: JsonObject;
  readonly rules: readonly FiredRule[];
}

export interface FiredRule {
  /** `namespace/name` */
  readonly rule: string;
  /** `namespace/[package/]name` */
  readonly action: string;
  readonly active: boolean;
}

/** A function of the platform itself; the message's arguments are its own. */
export interface BuiltinState {
  readonly type: 'builtin';
  readonly caller: Identity;
  readonly builtin: string;
}
