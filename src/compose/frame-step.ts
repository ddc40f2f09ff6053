import type { ActivationResponse } from '../domain/activation.ts';
import type { Frame } from '../domain/composition.ts';
import type { JsonValue } from '../domain/json.ts';

/** What the innermost composition asks for. */
export type Next =
  | {
    do: 'invoke';
    /** `namespace/[package/]name` */
    path: string;
    input: JsonValue;
    /** Run it as a plain action, whatever it is: a conductor's own turn. */
    plainly: boolean;
  }
  | { do: 'end'; response: ActivationResponse };

/** Why a component cannot be invoked: no such action, not for this caller, or the platform failed. */
export type Obstacle = 'missing' | 'inaccessible' | 'failed';

/** What becomes of a composition when something that it waited for is over. `ended`: it is over itself. */
export interface FrameStep<F extends Frame> {
  readonly frame: F;
  /** For whatever comes next. */
  readonly input: JsonValue;
  readonly ended?: ActivationResponse;
}
