import type { Action } from '../domain/action.ts';

/** An action as GET, PUT and DELETE answer it. */
export function actionView(action: Action, withCode: boolean): object {
  const { kind, code, binary, main } = action.exec;
  return {
    namespace: namespacePath(action),
    name: action.name,
    exec: { kind, ...(withCode ? { code } : {}), binary, ...(main === undefined ? {} : { main }) },
    parameters: action.parameters,
    limits: action.limits,
    version: action.version,
    publish: action.publish,
    annotations: action.annotations,
    updated: action.updated,
  };
}

/** An action as lists show it. */
export function actionSummary(action: Action): object {
  return {
    namespace: namespacePath(action),
    name: action.name,
    version: action.version,
    publish: action.publish,
    annotations: action.annotations,
    limits: action.limits,
    exec: { binary: action.exec.binary },
    updated: action.updated,
  };
}

/** `namespace[/package]`: what OpenWhisk calls an entity's namespace. */
function namespacePath(action: Action): string {
  return action.package === undefined ? action.namespace : `${action.namespace}/${action.package}`;
}
