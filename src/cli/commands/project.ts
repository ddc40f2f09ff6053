import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { deployProject, stepLabel, undeployProject, type StepReport } from '../../client/manifest/deploy-project.ts';
import { readProject } from '../../client/manifest/read-project.ts';
import type { ProjectPlan } from '../../client/manifest/project-plan.ts';
import { usageError } from '../../client/whisk-error.ts';
import type { CommandSpec, Noun } from '../grammar/command-spec.ts';
import { PARAMETER_FLAGS } from '../grammar/entity-flags.ts';
import type { Flag } from '../grammar/flag.ts';
import type { Invocation } from '../grammar/invocation.ts';

const FLAGS: readonly Flag[] = [
  { name: 'manifest', short: 'm', kind: 'text', value: 'FILE', description: 'path to manifest file (default: manifest.yaml or manifest.yml here)' },
  { name: 'deployment', short: 'd', kind: 'text', value: 'FILE', description: 'path to deployment file (default: deployment.yaml or deployment.yml beside the manifest)' },
  { name: 'preview', kind: 'boolean', description: 'show what would be done, and do nothing' },
  ...PARAMETER_FLAGS,
];
const WORDS: Pick<CommandSpec, 'usage' | 'words' | 'required' | 'flags'> = { usage: '[MANIFEST]', words: [0, 1], required: 'A manifest is the only valid argument.', flags: FLAGS };

const deploy: CommandSpec = {
  name: 'deploy', ...WORDS, description: 'deploy the packages, actions, sequences, triggers, rules and APIs of a manifest',
  run: (invocation) => carryOut(invocation, 'Deployment', async (plan, report) => { await deployProject(invocation.client, plan, report); }),
};

const undeploy: CommandSpec = {
  name: 'undeploy', ...WORDS, description: 'take away what a manifest lists',
  run: (invocation) => carryOut(invocation, 'Undeployment', async (plan, report) => { await undeployProject(invocation.client, plan, report); }),
};

async function carryOut(invocation: Invocation, what: string, run: (plan: ProjectPlan, report: StepReport) => Promise<void>): Promise<void> {
  const { flags, out } = invocation;
  const plan = await planOf(invocation);
  for (const warning of plan.warnings) out.aside(`warning: ${warning}`);
  if (flags.on('preview')) {
    if (out.format === 'json') out.json(plan.steps);
    else for (const step of plan.steps) out.line(stepLabel(step));
    return;
  }
  const done: { step: string; done: string }[] = [];
  await run(plan, (step, state) => {
    done.push({ step: stepLabel(step), done: state });
    if (out.format === 'name') out.line(step.name);
    else if (state === 'not there' || state === 'kept') out.ok(`${out.bold(stepLabel(step))} ${state === 'kept' ? 'holds more than the manifest lists, and is kept' : 'is not there'}`);
    else out.ok(`${state} ${out.bold(stepLabel(step))}`);
  });
  if (out.format === 'json') out.json(done);
  out.say(`Success: ${what} completed successfully.`);
}

async function planOf({ flags, words: [word] }: Invocation): Promise<ProjectPlan> {
  const manifest = word ?? flags.text('manifest') ?? firstOf('.', 'manifest');
  if (manifest === undefined) throw usageError('There is no manifest.yaml or manifest.yml here; name the manifest.');
  const deployment = flags.text('deployment') ?? firstOf(dirname(manifest), 'deployment');
  return readProject({ manifest, environment: process.env, parameters: await flags.object('param'), ...(deployment === undefined ? {} : { deployment }) });
}

function firstOf(directory: string, name: string): string | undefined {
  return ['yaml', 'yml'].map((extension) => join(directory, `${name}.${extension}`)).find((path) => existsSync(path));
}

export const projectNoun: Noun = { name: 'project', description: 'deploy what a manifest lists, or take it away', commands: [deploy, undeploy] };
