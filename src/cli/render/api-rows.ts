import { isJsonObject } from '../../domain/json.ts';
import type { ManagedApi } from '../../client/resources.ts';
import { sortedBy } from './list.ts';
import type { Output } from './output.ts';

const MAX_ACTION_COLUMNS = 40;
const MAX_NAME_COLUMNS = 30;

export interface ApiRoute { apiName: string; basePath: string; path: string; verb: string; action: string; url: string }

/** The paths and verbs of an API document, with the action that each calls. */
export function apiRoutes({ gwApiUrl, apidoc }: ManagedApi): ApiRoute[] {
  const { basePath = '/', info, paths = {} } = apidoc ?? {};
  return Object.entries(paths).flatMap(([path, operations]) => Object.entries(operations)
    .filter(([verb]) => verb !== 'parameters')
    .map(([verb, operation]) => ({ apiName: info?.title ?? basePath, basePath, path, verb, action: actionOf(operation), url: `${gwApiUrl.replace(/\/$/, '')}${path}` })));
}

export function printApis(out: Output, routes: readonly ApiRoute[], { sorted, full }: { sorted: boolean; full: boolean }): void {
  const shown = sorted ? sortedBy(routes, ({ basePath, path, verb }) => `${basePath} ${path} ${verb}`.toLowerCase()) : routes;
  if (out.format === 'name') {
    for (const { verb, url } of shown) out.line(`${verb} ${url}`);
    return;
  }
  out.ok('APIs');
  if (full) {
    for (const { action, apiName, basePath, path, verb, url } of shown) {
      out.line(`Action: ${action}\n  API Name: ${apiName}\n  Base path: ${basePath}\n  Path: ${path}\n  Verb: ${verb}\n  URL: ${url}`);
    }
    return;
  }
  const actionColumns = Math.min(MAX_ACTION_COLUMNS, Math.max('Action'.length, ...shown.map(({ action }) => action.length)));
  const nameColumns = Math.min(MAX_NAME_COLUMNS, Math.max('API Name'.length, ...shown.map(({ apiName }) => apiName.length)));
  const row = (action: string, verb: string, name: string, url: string): string =>
    `${action.slice(0, actionColumns).padEnd(actionColumns)} ${verb.padStart(7)} ${name.slice(0, nameColumns).padStart(nameColumns + 1)}  ${url}`;
  out.line(out.bold(row('Action', 'Verb', 'API Name', 'URL')));
  for (const { action, verb, apiName, url } of shown) out.line(row(action, verb, apiName, url));
}

function actionOf(operation: unknown): string {
  const openwhisk = isJsonObject(operation) ? operation['x-openwhisk'] : undefined;
  if (!isJsonObject(openwhisk)) return '';
  const { namespace, package: inPackage, action } = openwhisk;
  const parts = [namespace, inPackage, action].filter((part): part is string => typeof part === 'string' && part !== '' && part !== 'default');
  return `/${parts.join('/')}`;
}
