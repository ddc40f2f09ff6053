import { isJsonObject } from '../../domain/json.ts';
import { apiVerb } from '../api-document.ts';
import { WhiskError } from '../whisk-error.ts';
import type { ManifestNode } from './manifest-node.ts';
import type { ProjectStep } from './project-plan.ts';

/** `apis: {NAME: {BASE_PATH: {PATH: {ACTION: VERB}}}}`; in place of the verb may stand `{method, response}`. @throws {WhiskError} */
export function apiSteps(prefix: string, node: ManifestNode): ProjectStep[] {
  const steps: ProjectStep[] = [];
  for (const [name, api] of node.children('apis', 'API')) {
    for (const [basePath, paths] of api.entries()) {
      if (!isJsonObject(paths)) throw new WhiskError(`${api.where}: '${basePath}' must be a mapping of paths`);
      for (const [path, actions] of Object.entries(paths)) {
        if (!isJsonObject(actions)) throw new WhiskError(`${api.where}: '${path}' must be a mapping of actions to verbs`);
        for (const [action, operation] of Object.entries(actions)) {
          const { method, response } = isJsonObject(operation) ? operation : { method: operation, response: undefined };
          if (typeof method !== 'string') throw new WhiskError(`${api.where}: the verb of '${action}' is missing`);
          steps.push({
            kind: 'api', name, basePath: slashed(basePath), path: slashed(path), verb: apiVerb(method),
            action: action.includes('/') ? action : `${prefix}${action}`, responseType: typeof response === 'string' ? response : path.includes('{') ? 'http' : 'json',
          });
        }
      }
    }
  }
  return steps;
}

function slashed(path: string): string {
  return path.startsWith('/') ? path : `/${path}`;
}
