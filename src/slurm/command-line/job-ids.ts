import { compressHostList } from '../../domain/host-list.ts';

/** Ids as scancel takes them, tasks of one array together: `7`, `12_[0-4,9]`. One request per array instead of one per task. */
export function groupJobIds(ids: readonly string[]): string[] {
  const arrays = new Map<string, string[]>();
  const groups: string[] = [];
  for (const id of ids) {
    const [job = id, task] = id.split('_');
    if (task === undefined) {
      groups.push(id);
      continue;
    }
    const tasks = arrays.get(job);
    if (tasks === undefined) arrays.set(job, [task]);
    else tasks.push(task);
  }
  for (const [job, tasks] of arrays) groups.push(compressHostList(tasks.map((task) => `${job}_${task}`)));
  return groups;
}
