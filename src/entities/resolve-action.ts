import type { EntityStore, Stored } from '../store/store.ts';

/**
 * The action that a path means, through a binding where it leads through one; whoever asks. What is there without
 * being an action counts as nothing.
 * @param path `namespace/[package/]name`
 */
export async function resolveAction(entities: EntityStore, path: string): Promise<Stored<'action'> | undefined> {
  const stored = await entities.get(await providerPath(entities, path));
  return stored?.type === 'action' ? stored : undefined;
}

/** The path under which an action is kept that is named through a binding; any other path as it is. */
export async function providerPath(entities: EntityStore, path: string): Promise<string> {
  const lastSlash = path.lastIndexOf('/');
  if (path.indexOf('/') === lastSlash) return path;
  const holder = await entities.get(path.slice(0, lastSlash));
  if (holder?.type !== 'package' || holder.entity.binding === undefined) return path;
  const { namespace, name } = holder.entity.binding;
  return `${namespace}/${name}${path.slice(lastSlash)}`;
}
