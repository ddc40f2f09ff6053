import { keyValues, type KeyValue } from '../../client/parameter-values.ts';
import type { Flag } from './flag.ts';
import type { ParsedFlags } from './parsed-flags.ts';

export const PARAMETER_FLAGS: readonly Flag[] = [
  { name: 'param', short: 'p', kind: 'pair', description: 'parameter values in KEY VALUE format' },
  { name: 'param-file', short: 'P', kind: 'json-file', into: 'param', value: 'FILE', description: 'FILE containing parameter values in JSON format' },
];
export const ANNOTATION_FLAGS: readonly Flag[] = [
  { name: 'annotation', short: 'a', kind: 'pair', description: 'annotation values in KEY VALUE format' },
  { name: 'annotation-file', short: 'A', kind: 'json-file', into: 'annotation', value: 'FILE', description: 'FILE containing annotation values in JSON format' },
];
export const SUMMARY_FLAG: Flag = { name: 'summary', short: 's', kind: 'boolean', description: 'summarize details; parameters with prefix "*" are bound, "**" are bound and finalized' };

/** What the flags say of parameters and annotations, for the body of a PUT; nothing where they say nothing. */
export async function entityBody(flags: ParsedFlags): Promise<{ parameters?: KeyValue[]; annotations?: KeyValue[] }> {
  const list = async (flag: string, field: string): Promise<object> => flags.has(flag) ? { [field]: keyValues(await flags.object(flag)) } : {};
  return { ...await list('param', 'parameters'), ...await list('annotation', 'annotations') };
}

