import { isJsonObject, type JsonValue } from '../../domain/json.ts';
import { fullName, type QualifiedName } from '../../client/qualified-name.ts';
import type { InvocationOutcome } from '../../client/whisk-client.ts';
import { exitCodeOf, WhiskError } from '../../client/whisk-error.ts';
import { pretty, type Output } from './output.ts';

const ACCEPTED = 202;

/**
 * Prints what came of an invocation. wsk prints what failed, and what is not yet finished, on the standard error.
 * @throws {WhiskError} silent, for the exit status of an action that failed or was not waited for to its end
 */
export function printOutcome(out: Output, name: QualifiedName, outcome: InvocationOutcome, { blocking, result }: { blocking: boolean; result: boolean }): void {
  if (out.format === 'json') out.json(outcome.body);
  else if (out.format === 'name') out.line(outcome.kind === 'accepted' ? outcome.activationId : activationIdOf(outcome.body));
  else printForPeople(out, name, outcome, { blocking, result });
  if (outcome.kind === 'failed') throw new WhiskError('the action failed', { exitCode: exitCodeOf(outcome.status), silent: true });
  if (outcome.kind === 'accepted' && blocking) throw new WhiskError('the action has not yet finished', { exitCode: ACCEPTED, silent: true });
}

function printForPeople(out: Output, name: QualifiedName, outcome: InvocationOutcome, { blocking, result }: { blocking: boolean; result: boolean }): void {
  switch (outcome.kind) {
    case 'accepted':
      if (blocking) out.okAside(`invoked ${fullName(name)}, but the request has not yet finished, with id ${outcome.activationId}`);
      else out.ok(`invoked ${out.bold(fullName(name))} with id ${out.bold(outcome.activationId)}`);
      return;
    case 'completed':
      if (!result) out.ok(`invoked ${out.bold(fullName(name))} with id ${out.bold(activationIdOf(outcome.body))}`);
      out.json(outcome.body);
      return;
    case 'failed':
      if (!result) out.okAside(`invoked ${fullName(name)} with id ${activationIdOf(outcome.body)}`);
      out.aside(pretty(outcome.body));
  }
}

function activationIdOf(body: JsonValue): string {
  const id = isJsonObject(body) ? body['activationId'] : undefined;
  return typeof id === 'string' ? id : '';
}
