import type { ToInvoker } from '../link/messages.ts';
import type { Call } from './call.ts';
import { Calls } from './calls.ts';
import type { DispatchOptions } from './dispatch-options.ts';
import { Overloaded } from './dispatch.ts';
import type { Effect } from './events.ts';
import type { Invoker } from './invoker.ts';
import type { Lanes } from './lanes.ts';
import { Placement } from './placement.ts';
import { Recorder } from './recorder.ts';
import { Registry } from './registry.ts';
import { Waits } from './waits.ts';

/** What the parts of the dispatcher's machine share. */
export class MachineState<C extends object> {
  readonly options: Readonly<DispatchOptions>;
  readonly placement: Placement;
  readonly registry: Registry<C>;
  readonly recorder: Recorder<C>;
  readonly waits = new Waits<C>();
  readonly calls = new Calls<C>();
  /** From the journal of an earlier controller, waiting for an invoker that still runs them. */
  readonly held = new Set<Call<C>>();
  readonly counts = { accepted: 0, completed: 0, rejected: 0, returned: 0, lostInvokers: 0 };
  readonly lanes: Lanes<C>;
  /** Calls whose acceptance is being journalled. */
  accepting = 0;
  stopping = false;
  effects: Effect<C>[] = [];

  constructor(options: Readonly<DispatchOptions>, random: () => number, lanes: (state: MachineState<C>) => Lanes<C>) {
    this.options = options;
    this.placement = new Placement({ leaseMarginMs: options.leaseMarginMs, random });
    this.registry = new Registry(this.placement, options);
    this.recorder = new Recorder(options, (effect) => { this.effects.push(effect); });
    this.lanes = lanes(this);
  }

  emit(effect: Effect<C>): void {
    this.effects.push(effect);
  }

  send(invoker: Invoker<C>, message: ToInvoker): void {
    if (invoker.connection !== undefined) this.effects.push({ type: 'send', to: invoker.connection, message });
  }

  log(level: 'info' | 'warn', fields: object, text: string): void {
    this.effects.push({ type: 'log', level, fields, text });
  }

  overloaded(reason: string): Overloaded {
    return new Overloaded(reason, this.options.retryAfterSeconds);
  }

  forget(call: Call<C>): void {
    this.calls.forget(call);
    this.held.delete(call);
    this.waits.remove(call);
  }
}
