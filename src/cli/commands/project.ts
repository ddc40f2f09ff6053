import type { Noun } from '../grammar/command-spec.ts';
export const projectNoun: Noun = { name: 'project', description: 'deploy what a manifest lists, or take it away', commands: [] };
