/** Carries a plan out, or takes away what it made. */
import { pathDocument } from '../api-document.ts';
import { feedOf, failureText, invokeFeed, type FeedEvent } from '../feeds.ts';
import { parseEntityName, type QualifiedName } from '../qualified-name.ts';
import type { TriggerResource } from '../resources.ts';
import type { WhiskClient } from '../whisk-client.ts';
import { attempting, exitCodeOf, HttpStatusError, WhiskError } from '../whisk-error.ts';
import type { ProjectPlan, ProjectStep } from './project-plan.ts';

const NOT_FOUND = 404;
const CONFLICT = 409;

/** Is told of each step that is done. */
export type StepReport = (step: ProjectStep, done: 'deployed' | 'undeployed' | 'not there' | 'kept') => void;

/** How messages call a step. */
export function stepLabel(step: ProjectStep): string {
  if (step.kind === 'api') return `API ${step.verb} ${step.basePath.replace(/\/$/, '')}${step.path}`;
  return `${step.kind === 'action' && step.body.exec.kind === 'sequence' ? 'sequence' : step.kind} ${step.name}`;
}

/** Stops at the first step that fails; what was made stays, and a second deployment goes on. @throws {WhiskError} */
export async function deployProject(client: WhiskClient, { steps }: ProjectPlan, report: StepReport): Promise<void> {
  for (const step of steps) {
    await attempting(`Unable to deploy ${stepLabel(step)}`, () => deploy(client, step));
    report(step, 'deployed');
  }
}

/** What is not there is no error; a package that holds more than the plan put there is kept. @throws {WhiskError} */
export async function undeployProject(client: WhiskClient, { steps }: ProjectPlan, report: StepReport): Promise<void> {
  for (const step of steps.toReversed()) {
    try {
      await attempting(`Unable to undeploy ${stepLabel(step)}`, () => undeploy(client, step));
      report(step, 'undeployed');
    } catch (error) {
      const { cause } = error as Error;
      if (!(cause instanceof HttpStatusError)) throw error;
      if (cause.status === NOT_FOUND) report(step, 'not there');
      else if (cause.status === CONFLICT && step.kind === 'package') report(step, 'kept');
      else throw error;
    }
  }
}

async function deploy(client: WhiskClient, step: ProjectStep): Promise<void> {
  switch (step.kind) {
    case 'package': case 'binding':
      await client.put('packages', nameOf(client, step.name), step.body, true);
      return;
    case 'action':
      await client.put('actions', nameOf(client, step.name), step.body, true);
      return;
    case 'rule':
      await client.put('rules', nameOf(client, step.name), step.body, true);
      return;
    case 'trigger':
      await deployTrigger(client, step);
      return;
    case 'api': {
      const { name, basePath, path, verb, action, responseType } = step;
      await client.createApi(await pathDocument(client, { basePath, relativePath: path, verb, action: nameOf(client, action), apiName: name }), responseType);
    }
  }
}

async function deployTrigger(client: WhiskClient, { name, body, feed }: ProjectStep & { kind: 'trigger' }): Promise<void> {
  const trigger = nameOf(client, name);
  const existing = await existingTrigger(client, trigger);
  const former = existing === undefined ? undefined : feedOf(existing);
  // A feed that knows the trigger forgets it first: its parameters may be others now.
  if (former !== undefined) await tell(client, former, 'DELETE', trigger, {}).catch(ignoreFailure);
  await client.put('triggers', trigger, body, true);
  if (feed !== undefined) await tell(client, feed.name, 'CREATE', trigger, feed.parameters);
}

async function undeploy(client: WhiskClient, step: ProjectStep): Promise<void> {
  switch (step.kind) {
    case 'package': case 'binding':
      await client.delete('packages', nameOf(client, step.name));
      return;
    case 'action':
      await client.delete('actions', nameOf(client, step.name));
      return;
    case 'rule':
      await client.delete('rules', nameOf(client, step.name));
      return;
    case 'trigger': {
      const trigger = nameOf(client, step.name);
      const feed = feedOf(await client.get('triggers', trigger));
      if (feed !== undefined) await tell(client, feed, 'DELETE', trigger, {}).catch(ignoreFailure);
      await client.delete('triggers', trigger);
      return;
    }
    case 'api':
      await client.deleteApi({ basepath: step.basePath, relpath: step.path, operation: step.verb, force: true });
  }
}

async function tell(client: WhiskClient, feed: string, event: FeedEvent, trigger: QualifiedName, parameters: Parameters<typeof invokeFeed>[4]): Promise<void> {
  await attempting(`Unable to configure feed '${feed}'`, async () => {
    const outcome = await invokeFeed(client, nameOf(client, feed), event, trigger, parameters);
    if (outcome.kind === 'failed') throw new WhiskError(failureText(outcome), { exitCode: exitCodeOf(outcome.status) });
  });
}

/** A trigger goes even where its feed is gone or has forgotten it. */
function ignoreFailure(error: unknown): void {
  if (!(error instanceof WhiskError)) throw error;
}

async function existingTrigger(client: WhiskClient, name: QualifiedName): Promise<TriggerResource | undefined> {
  try {
    return await client.get('triggers', name);
  } catch (error) {
    if (error instanceof HttpStatusError && error.status === NOT_FOUND) return undefined;
    throw error;
  }
}

function nameOf(client: WhiskClient, name: string): QualifiedName {
  return parseEntityName(name, client.settings.namespace);
}
