/**
 * What must hold of a sequence when it is made. Inlining its components that are sequences themselves must end (no
 * cycle) and give at most so many actions; every action on the way must exist. Components are looked at through
 * bindings. Sequences that change later are not looked at again: what comes of them is seen when they run.
 */
import { actionPath, isSequence } from '../domain/action.ts';
import { notAuthorized, sequenceComponentMissing, sequenceCyclic, sequenceTooLong, sequenceWithoutComponent } from '../domain/errors.ts';
import type { EntityStore } from '../store/store.ts';
import { openPackage } from './open-package.ts';
import { providerPath, resolveAction } from './resolve-action.ts';

/**
 * Whether the caller may read and invoke all components, whether they exist or not.
 * @param components as paths
 * @param caller namespace
 * @throws {ApiError} 403; 404 for a missing package of the caller's own
 */
export async function checkComponentsAllowed(entities: EntityStore, components: readonly string[], caller: string): Promise<void> {
  const refused: string[] = [];
  for (const path of new Set(components)) {
    const lastSlash = path.lastIndexOf('/');
    if (path.indexOf('/') !== lastSlash) await openPackage(entities, path.slice(0, lastSlash), caller);
    else if (path.slice(0, lastSlash) !== caller) refused.push(path);
  }
  if (refused.length > 0) throw notAuthorized(refused.sort().join(', '));
}

/**
 * @param path of the sequence
 * @param components as paths
 * @param limit number of actions once all is inlined
 * @throws {ApiError} 400 none, too many, a cycle, or one is missing
 */
export async function checkSequence(entities: EntityStore, path: string, components: readonly string[], limit: number): Promise<void> {
  if (components.length > limit) throw sequenceTooLong();
  if (components.length === 0) throw sequenceWithoutComponent();
  const itself = await providerPath(entities, path);
  const count = await new Inlining(entities, limit).count(itself, components);
  if (count > limit) throw sequenceTooLong();
}

class Inlining {
  readonly #entities: EntityStore;
  readonly #limit: number;
  /** Actions that a sequence met before stands for. */
  readonly #counts = new Map<string, number>();
  /** Sequences that are being inlined. */
  readonly #open = new Set<string>();

  constructor(entities: EntityStore, limit: number) {
    this.#entities = entities;
    this.#limit = limit;
  }

  async count(sequence: string, components: readonly string[]): Promise<number> {
    this.#open.add(sequence);
    let count = 0;
    for (const component of components) {
      count += await this.#countComponent(component);
      if (count > this.#limit) throw sequenceTooLong();
    }
    this.#open.delete(sequence);
    this.#counts.set(sequence, count);
    return count;
  }

  async #countComponent(component: string): Promise<number> {
    const path = await providerPath(this.#entities, component);
    if (this.#open.has(path)) throw sequenceCyclic();
    const known = this.#counts.get(path);
    if (known !== undefined) return known;
    const stored = await resolveAction(this.#entities, path);
    if (stored === undefined) throw sequenceComponentMissing();
    const { exec } = stored.entity;
    return isSequence(exec) ? this.count(actionPath(stored.entity), exec.components.map((name) => name.slice(1))) : 1;
  }
}
