import type { ActivationRecord } from '../domain/activation.ts';
import { isJsonObject } from '../domain/json.ts';

/** The memory limit that a record's annotation `limits` names, MB. */
export function memoryOf(record: ActivationRecord): number | undefined {
  const limits = record.annotations.find(({ key }) => key === 'limits')?.value;
  const memory = isJsonObject(limits) ? limits['memory'] : undefined;
  return typeof memory === 'number' ? memory : undefined;
}
