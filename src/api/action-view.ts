import type { Action, Exec } from '../domain/action.ts';
import { isBlackbox, isSequence } from '../domain/action.ts';

/**
 * An action as GET, PUT and DELETE answer it.
 * @param binding path of the binding through which it is read; shown only where the code is not, as OpenWhisk has it
 */
export function actionView(action: Action, withCode: boolean, binding?: string): object {
  return {
    namespace: namespacePath(action),
    name: action.name,
    exec: execView(action.exec, withCode),
    parameters: action.parameters,
    limits: action.limits,
    version: action.version,
    publish: action.publish,
    annotations: action.annotations,
    updated: action.updated,
    ...(binding === undefined || withCode ? {} : { binding }),
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
    exec: { binary: !isSequence(action.exec) && action.exec.binary },
    updated: action.updated,
  };
}

function execView(exec: Exec, withCode: boolean): object {
  if (isSequence(exec)) return exec;
  const { kind, code, binary, main } = exec;
  return {
    kind,
    ...(isBlackbox(exec) ? { image: exec.image } : {}),
    ...(withCode && code !== undefined ? { code } : {}),
    binary,
    ...(main === undefined ? {} : { main }),
  };
}

/** `namespace[/package]`: what OpenWhisk calls an entity's namespace. */
function namespacePath(action: Action): string {
  return action.package === undefined ? action.namespace : `${action.namespace}/${action.package}`;
}
