/**
 * Finds actions for invocation and remembers what was worked out of each as long as the revisions stay the same: that
 * of the action and, where it is in a package, those of the package and of the binding through which it was named.
 * Whether the caller may invoke it is asked every time.
 */
import { ApiError, notAuthorized, notInThisCollection } from '../domain/errors.ts';
import type { Identity } from '../domain/identity.ts';
import type { EntityStore, Stored } from '../store/store.ts';
import type { InvocableAction } from './invocable-action.ts';
import { invocableAction } from './invocable-action.ts';
import type { OpenPackage } from './open-package.ts';
import { openPackage } from './open-package.ts';

export type { InvocableAction, RunBy, WebExport } from './invocable-action.ts';

/** Who asks; only the namespace counts. */
type Caller = Pick<Identity, 'namespace'>;

interface PackagedAction {
  invocable: InvocableAction;
  revision: string;
  namedRevision: string;
  providerRevision: string;
}

/** More than this many actions in use at once only costs working them out again. */
const CACHE_LIMIT = 10_000;

export class InvocableActions {
  readonly #entities: EntityStore;
  readonly #plain = new Map<string, InvocableAction>();
  readonly #packaged = new Map<string, PackagedAction>();

  constructor(entities: EntityStore) {
    this.#entities = entities;
  }

  /**
   * @param path `namespace/[package/]name`; where the package is a binding, the action is the one of the package behind it
   * @returns undefined where the caller may invoke what is there, but there is no such action
   * @throws {ApiError} 403 not the caller's to invoke, 404 the caller's own package is missing, 409 the name is no action's
   */
  async find(path: string, caller: Caller): Promise<InvocableAction | undefined> {
    const slash = path.indexOf('/');
    if (path.includes('/', slash + 1)) return this.#findPackaged(path, caller.namespace);
    if (slash !== caller.namespace.length || !path.startsWith(caller.namespace)) throw notAuthorized(path);
    const stored = await this.#entities.get(path);
    if (stored === undefined) {
      this.#plain.delete(path);
      return undefined;
    }
    const known = this.#plain.get(path);
    if (known?.reference.revision === stored.revision) return known;
    if (stored.type !== 'action') throw notInThisCollection();
    if (this.#plain.size >= CACHE_LIMIT) this.#plain.clear();
    const invocable = invocableAction(stored);
    this.#plain.set(path, invocable);
    return invocable;
  }

  /**
   * An action as a web action of the namespace in its path: anyone may ask.
   * @returns undefined also for what that namespace may not invoke itself
   */
  async findForWeb(path: string): Promise<InvocableAction | undefined> {
    try {
      return await this.find(path, { namespace: path.slice(0, path.indexOf('/')) });
    } catch (error) {
      if (error instanceof ApiError) return undefined;
      throw error;
    }
  }

  async #findPackaged(path: string, caller: string): Promise<InvocableAction | undefined> {
    const lastSlash = path.lastIndexOf('/');
    const opened = await openPackage(this.#entities, path.slice(0, lastSlash), caller);
    const { namespace, name } = opened.provider.entity;
    const stored = await this.#entities.get(`${namespace}/${name}${path.slice(lastSlash)}`);
    if (stored?.type !== 'action') {
      this.#packaged.delete(path);
      return undefined;
    }
    const known = this.#packaged.get(path);
    if (known !== undefined && isCurrent(known, stored, opened)) return known.invocable;
    if (this.#packaged.size >= CACHE_LIMIT) this.#packaged.clear();
    const invocable = invocableAction(stored, opened);
    this.#packaged.set(path, {
      invocable, revision: stored.revision, namedRevision: opened.named.revision, providerRevision: opened.provider.revision,
    });
    return invocable;
  }
}

function isCurrent(known: PackagedAction, { revision }: Stored<'action'>, { named, provider }: OpenPackage): boolean {
  return known.revision === revision && known.namedRevision === named.revision && known.providerRevision === provider.revision;
}
