import type { RuleResource } from '../client/resources.ts';
import type { WhiskClient } from '../client/whisk-client.ts';
import { attempting } from '../client/whisk-error.ts';

/** A list of rules has no status; each is asked for its own. */
export async function rulesWithStatus(client: WhiskClient, rules: readonly RuleResource[]): Promise<RuleResource[]> {
  const complete: RuleResource[] = [];
  for (const rule of rules) {
    const name = { namespace: rule.namespace, package: '', entity: rule.name, name: rule.name };
    const { status } = await attempting(`Unable to get status of rule '${rule.name}'`, () => client.get('rules', name));
    complete.push(status === undefined ? rule : { ...rule, status });
  }
  return complete;
}
