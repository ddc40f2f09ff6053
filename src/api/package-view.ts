import type { Action } from '../domain/action.ts';
import type { Package } from '../domain/package.ts';
import { mergeParameters } from '../domain/parameters.ts';

/** A package or binding as PUT and DELETE answer it. */
export function packageView({ namespace, name, version, publish, parameters, annotations, binding, updated }: Package): object {
  return { namespace, name, version, publish, parameters, annotations, binding: binding ?? {}, updated };
}

/** As GET answers it: a binding with the parameters of the package behind it under its own, and with that package's actions. */
export function packageWithActions(named: Package, provider: Package, actions: readonly Action[]): object {
  const parameters = named === provider ? named.parameters : mergeParameters(provider.parameters, named.parameters);
  const isFeed = ({ annotations }: Action): boolean => annotations.some(({ key }) => key === 'feed');
  return {
    ...packageView({ ...named, parameters }),
    actions: actions.filter((action) => !isFeed(action)).map(actionInPackage),
    feeds: actions.filter(isFeed).map(actionInPackage),
  };
}

/** As lists show it. */
export function packageSummary({ namespace, name, version, publish, annotations, binding, updated }: Package): object {
  return { namespace, name, version, publish, annotations, binding: binding ?? false, updated };
}

function actionInPackage({ name, version, annotations }: Action): object {
  return { name, version, annotations };
}
