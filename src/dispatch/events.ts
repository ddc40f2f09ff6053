/** What the dispatcher's machine is told, and what it wants done. `C` stands for a connection: only its identity counts. */
import type { ActivationId, ActivationMessage, ActivationRecord } from '../domain/activation.ts';
import type { InvokerDescription, ToController, ToInvoker } from '../link/messages.ts';

/** What of an invoker's conversation concerns the machine; code travels beside it. */
export type FromInvoker = Exclude<ToController, { type: 'join' } | { type: 'code-wanted' }>;

export type DispatchEvent<C> =
  /** A non-blocking call: accepted once it is journalled. */
  | { type: 'submit'; message: ActivationMessage }
  | { type: 'call'; message: ActivationMessage; waitMs: number }
  /** A step of a composition: like a non-blocking call, and its record is told, too. */
  | { type: 'run'; message: ActivationMessage }
  /** What the journal held at start. Comes first. */
  | { type: 'restored'; messages: readonly ActivationMessage[] }
  | { type: 'journalled'; id: ActivationId }
  | { type: 'journal-refused'; id: ActivationId; error: Error }
  | { type: 'stored'; id: ActivationId }
  | { type: 'store-refused'; id: ActivationId; error: Error }
  | { type: 'joined'; connection: C; description: InvokerDescription }
  | { type: 'heard'; connection: C; message: FromInvoker }
  | { type: 'closed'; connection: C }
  | { type: 'tick' }
  /** No new calls from now on; invokers are asked to drain. */
  | { type: 'stop' }
  /** Whoever still waits is told to come again. */
  | { type: 'dismiss' };

export type Effect<C> =
  | { type: 'send'; to: C; message: ToInvoker }
  | { type: 'close'; connection: C }
  /** To be answered by `journalled` or `journal-refused`. */
  | { type: 'journal'; message: ActivationMessage }
  /** To be answered by `stored` or `store-refused`. */
  | { type: 'record'; record: ActivationRecord }
  /** A non-blocking call is accepted, or the wait of a blocking one ended before the call did. */
  | { type: 'accepted'; id: ActivationId }
  | { type: 'answered'; id: ActivationId; record: ActivationRecord }
  /** The record of a call that is watched is stored. */
  | { type: 'recorded'; id: ActivationId; record: ActivationRecord }
  | { type: 'refused'; id: ActivationId; error: Error }
  | { type: 'log'; level: 'info' | 'warn' | 'error'; fields: object; text: string };
