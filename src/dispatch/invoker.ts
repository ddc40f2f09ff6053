import type { ActivationId } from '../domain/activation.ts';
import type { InvokerDescription } from '../link/messages.ts';
import type { Call, Holder } from './call.ts';
import type { PlacedInvoker } from './placed-invoker.ts';

/** An invoker in the registry: connected, or away for a moment (`connection` undefined). */
export class Invoker<C> implements Holder<C> {
  readonly id: string;
  readonly description: InvokerDescription;
  readonly placed: PlacedInvoker;
  readonly joinedAt: number;
  connection: C | undefined;
  /** It takes nothing new and will leave. */
  draining = false;
  /** Not heard of lately. */
  silent = false;
  /** It was asked to drain. */
  askedToDrain = false;
  /** Since its last join. */
  heartbeats = 0;
  /** Emptied for one big call. */
  reserved = false;
  /** Both on the registry's own clock. */
  heardAt: number;
  awayAt = 0;
  readonly assigned = new Map<ActivationId, Call<C>>();
  /**
   * What it runs without being assigned to it: calls of an earlier controller, or such as run elsewhere by now. How much
   * memory they take is not known, so it gets nothing new until they are gone.
   */
  readonly ghosts = new Set<ActivationId>();
  /** Those of the ghosts that no controller but an earlier one knows: their completion is news. */
  readonly foreign = new Set<ActivationId>();

  constructor(description: InvokerDescription, placed: PlacedInvoker, connection: C, now: number, heardAt: number) {
    this.id = description.invokerId;
    this.description = description;
    this.placed = placed;
    this.connection = connection;
    this.joinedAt = now;
    this.heardAt = heardAt;
  }

  get takesCalls(): boolean {
    return this.connection !== undefined && !this.draining && !this.silent && !this.reserved && this.ghosts.size === 0;
  }
}
