import { stringify as stringifyYaml } from 'yaml';
import { apiPath, apiVerb, pathDocument, pathParameters, readApiDocument, type ApiPath } from '../../client/api-document.ts';
import { fullName, parseEntityName } from '../../client/qualified-name.ts';
import { attempting, usageError, WhiskError } from '../../client/whisk-error.ts';
import type { CommandSpec, Noun } from '../grammar/command-spec.ts';
import type { Invocation } from '../grammar/invocation.ts';
import { apiRoutes, printApis } from '../render/api-rows.ts';
import { listFlags, listQuery } from '../render/list.ts';

const CREATE_REQUIRED = 'Specify a swagger file or specify an API base path with an API path, an API verb, and an action name.';

const create: CommandSpec = {
  name: 'create', usage: '([BASE_PATH] API_PATH API_VERB ACTION | --config-file CFG_FILE)', words: [0, 4], required: CREATE_REQUIRED, description: 'create a new API',
  flags: [
    { name: 'apiname', short: 'n', kind: 'text', value: 'NAME', description: 'friendly name of the API; ignored when CFG_FILE is specified (default BASE_PATH)' },
    { name: 'config-file', short: 'c', kind: 'text', value: 'CFG_FILE', description: 'CFG_FILE containing API configuration in swagger JSON or YAML format' },
    { name: 'response-type', kind: 'text', value: 'TYPE', description: 'the web action response TYPE: html, http, json, text or svg (default json)' },
  ],
  async run(invocation) {
    const { flags, client, out, words } = invocation;
    const file = flags.text('config-file');
    if (words.length === 0 && file !== undefined) {
      const swagger = JSON.stringify(await attempting('Unable to parse swagger file', () => readApiDocument(file)));
      await send(invocation, { namespace: await client.namespace(), swagger });
      return;
    }
    const path = pathOf(invocation);
    const { basePath, relativePath, verb, action } = path;
    const document = await pathDocument(client, path);
    const made = await attempting('Unable to create API', () => client.createApi(document, flags.text('response-type') ?? 'json'));
    const shown = `${basePath.replace(/\/$/, '')}${relativePath}`;
    if (out.format === 'json') out.json(made);
    else out.ok(`created API ${shown} ${verb} for action ${out.bold(fullName(action))}`);
    out.say(`${made.gwApiUrl.replace(/\/$/, '')}${relativePath}`);
  },
};

/** The path that the words name. @throws {WhiskError} usage */
function pathOf({ words, flags, settings }: Invocation): ApiPath {
  if (words.length < 3) throw usageError(`Invalid argument(s). ${CREATE_REQUIRED}`);
  const [basePath = '', path = '', verb = '', action = ''] = words.length === 3 ? ['/', ...words] : words;
  const relativePath = apiPath(path);
  if (pathParameters(basePath).length > 0) throw refused(`The base path '${basePath}' cannot have parameters. Only the relative path supports path parameters.`);
  if (pathParameters(relativePath).length > 0 && flags.text('response-type') !== 'http') throw refused('A response type of \'http\' is required when using path parameters.');
  const apiName = flags.text('apiname');
  return {
    basePath: apiPath(basePath), relativePath, verb: apiVerb(verb), action: parseEntityName(action, settings.namespace), ...(apiName === undefined ? {} : { apiName }),
  };
}

function refused(message: string): WhiskError {
  return new WhiskError(message, { showUsage: true });
}

async function send({ client, out, flags }: Invocation, document: object): Promise<void> {
  const made = await attempting('Unable to create API', () => client.createApi(document, flags.text('response-type') ?? 'json'));
  if (out.format === 'json') {
    out.json(made);
    return;
  }
  for (const { basePath, path, verb, action, url } of apiRoutes(made)) {
    out.ok(`created API ${basePath.replace(/\/$/, '')}${path} ${verb}${action === '' ? '' : ` for action ${out.bold(action)}`}`);
    out.say(url);
  }
}

const get: CommandSpec = {
  name: 'get', usage: 'BASE_PATH | API_NAME', words: [1, 1], required: 'An API base path or API name is required.', description: 'get API details',
  flags: [
    { name: 'full', short: 'f', kind: 'boolean', description: 'display full API configuration details' },
    { name: 'format', kind: 'text', value: 'TYPE', description: 'the API output TYPE, either json or yaml (default json)' },
  ],
  async run(invocation) {
    const { flags, out, client } = invocation;
    const format = flags.text('format')?.toLowerCase() ?? 'json';
    if (format !== 'json' && format !== 'yaml') throw new WhiskError(`Invalid format type: ${format}`);
    const name = invocation.word(0);
    const [found] = await attempting(`Unable to get API '${name}'`, () => client.apis({ basepath: name }));
    const shown = flags.on('full') ? found : found?.apidoc;
    if (shown === undefined) throw new WhiskError(`API does not exist for ${name.startsWith('/') ? 'basepath' : 'API name'} ${name}`);
    if (format === 'yaml') out.text(stringifyYaml(shown));
    else out.json(shown);
  },
};

const remove: CommandSpec = {
  name: 'delete', usage: 'BASE_PATH | API_NAME [API_PATH [API_VERB]]', words: [1, 3], description: 'delete an API', flags: [],
  required: 'An API base path or API name is required.  An optional API relative path and operation may also be provided.',
  async run(invocation) {
    const { client, out } = invocation;
    const [basepath = '', path, verb] = invocation.words;
    const operation = verb === undefined ? undefined : apiVerb(verb);
    const relpath = path === undefined ? undefined : apiPath(path);
    await attempting('Unable to delete API', () => client.deleteApi({ basepath, relpath, operation, force: true }));
    out.ok(path === undefined ? `deleted API ${basepath}` : `deleted ${path}${operation === undefined ? '' : ` ${operation}`} from ${basepath}`);
  },
};

const list: CommandSpec = {
  name: 'list', usage: '[BASE_PATH | API_NAME [API_PATH [API_VERB]]]', words: [0, 3], description: 'list APIs',
  required: 'Optional parameters are: API base path (or API name), API relative path and operation.',
  flags: [...listFlags('APIs'), { name: 'full', short: 'f', kind: 'boolean', description: 'display full description of each API' }],
  async run(invocation) {
    const { client, flags, out } = invocation;
    const [basepath, path, verb] = invocation.words;
    const operation = verb === undefined ? undefined : apiVerb(verb);
    const relpath = path === undefined ? undefined : apiPath(path);
    const apis = await attempting('Unable to obtain the API list', () => client.apis(basepath === undefined ? listQuery(flags) : { basepath, relpath, operation }));
    if (out.format === 'json') {
      out.json(apis);
      return;
    }
    const routes = apis.flatMap(apiRoutes).filter((route) => (relpath === undefined || route.path === relpath) && (operation === undefined || route.verb.toUpperCase() === operation));
    printApis(out, routes, { sorted: flags.on('name-sort'), full: flags.on('full') });
  },
};

export const apiNoun: Noun = { name: 'api', description: 'work with APIs', commands: [create, get, remove, list] };
