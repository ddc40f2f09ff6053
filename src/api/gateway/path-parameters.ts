/**
 * Segments in braces, which stand for any value: an action is given them within the path of the request, so it must
 * answer as HTTP and its URL must end with that path; each must be declared as a parameter. Texts are OpenWhisk's.
 */
import { isJsonObject } from '../../domain/json.ts';
import type { JsonObject, JsonValue } from '../../domain/json.ts';
import { ApiManagementError } from './api-management-error.ts';
import { REQUEST_PATH, operationsOf, pathsOf, targetUrlOf } from './api-document.ts';

/** @throws {ApiManagementError} */
export function checkBasePath(basePath: string): void {
  if (parameterNames(basePath).length === 0) return;
  throw new ApiManagementError(`API creation failure: The base path (${basePath}) cannot have parameters. Only the relative path supports path parameters.`);
}

/** @throws {ApiManagementError} */
export function checkPathParameters(document: JsonObject): void {
  for (const [path, resource] of pathsOf(document)) {
    const names = parameterNames(path);
    if (names.length === 0) continue;
    for (const [, operation] of operationsOf(resource)) {
      const declared = [...declaredNames(resource['parameters']), ...declaredNames(operation['parameters'])];
      const complaint = urlComplaint(document, operation) ?? undeclared(path, names, declared);
      if (complaint !== undefined) throw new ApiManagementError(`API creation failure: ${complaint}`);
    }
  }
}

function urlComplaint(document: JsonObject, operation: JsonObject): string | undefined {
  const url = isJsonObject(operation['x-openwhisk']) ? operation['x-openwhisk']['url'] : undefined;
  if (typeof url === 'string' && url !== '' && !url.endsWith('.http')) {
    return "The action must use a response type of '.http' in order to receive the path parameters.";
  }
  const target = targetUrlOf(document, operation);
  if (target === undefined || target.endsWith(`.http${REQUEST_PATH}`)) return undefined;
  const id = operation['operationId'];
  return `The target-url for operationId '${typeof id === 'string' ? id : ''}' must end in '${REQUEST_PATH}' in order for actions to receive the path parameters.`;
}

function undeclared(path: string, names: readonly string[], declared: readonly string[]): string | undefined {
  const missing = names.find((name) => !declared.includes(name));
  if (missing === undefined) return undefined;
  return `The parameter '${missing}' defined in path '${path}' does not match any of the parameters defined for the path in the swagger file.`;
}

function parameterNames(path: string): string[] {
  return path.split('/').flatMap((segment) => /^\{(.+)\}$/.exec(segment)?.[1] ?? []);
}

function declaredNames(parameters: JsonValue | undefined): string[] {
  if (!Array.isArray(parameters)) return [];
  return parameters.filter(isJsonObject).flatMap(({ name }) => (typeof name === 'string' ? [name] : []));
}
