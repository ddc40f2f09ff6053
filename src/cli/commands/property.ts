import { readFileSync } from 'node:fs';
import { apiHostUrl } from '../../client/api-host.ts';
import { readProperties, writeProperties } from '../../client/properties-file.ts';
import { attempting, because, WhiskError } from '../../client/whisk-error.ts';
import type { CommandSpec, Noun } from '../grammar/command-spec.ts';
import type { Flag } from '../grammar/flag.ts';
import type { Invocation } from '../grammar/invocation.ts';

interface Property {
  readonly flag: string;
  readonly key: string;
  /** As `property get` and the messages call it. */
  readonly title: string;
  readonly short?: string;
  /** What takes its place when it is unset. */
  readonly fallback?: string;
  /** Not shown in the message of `property set`. */
  readonly secret?: boolean;
  readonly description: string;
}

const PROPERTIES: readonly Property[] = [
  { flag: 'cert', key: 'CERT', title: 'client cert', secret: true, description: 'client cert' },
  { flag: 'key', key: 'KEY', title: 'client key', secret: true, description: 'client key' },
  { flag: 'cacert', key: 'CACERT', title: 'CA cert', secret: true, description: 'CA cert' },
  { flag: 'auth', key: 'AUTH', title: 'whisk auth', short: 'u', secret: true, description: 'authorization key' },
  { flag: 'apihost', key: 'APIHOST', title: 'whisk API host', description: 'whisk API host' },
  { flag: 'apiversion', key: 'APIVERSION', title: 'whisk API version', fallback: 'v1', description: 'whisk API version' },
  { flag: 'namespace', key: 'NAMESPACE', title: 'whisk namespace', fallback: '_', description: 'whisk namespace' },
];

const set: CommandSpec = {
  name: 'set', usage: '', words: [0, 0], required: 'No arguments are required.', description: 'set property',
  flags: PROPERTIES.map(({ flag, short, description }): Flag => ({ name: flag, ...(short === undefined ? {} : { short }), kind: 'text', value: flag.toUpperCase(), description })),
  async run(invocation) {
    const { flags, out, propertiesPath } = invocation;
    const properties = { ...await readProperties(propertiesPath) };
    const done: string[] = [];
    let failure: WhiskError | undefined;
    for (const { flag, key, title, secret } of PROPERTIES) {
      const value = flags.text(flag);
      if (value === undefined || value === '') continue;
      try {
        await check(flag, value, invocation);
      } catch (error) {
        if (!(error instanceof WhiskError)) throw error;
        failure = error;
        continue;
      }
      properties[key] = value;
      done.push(secret === true ? `${title} set. Run 'hpcwhisk property get --${flag}' to see the new value.` : `${title} set to ${out.bold(value)}`);
    }
    await attempting('Unable to set the property value(s)', () => writeProperties(propertiesPath, properties));
    for (const text of done) out.ok(text);
    if (failure !== undefined) throw failure;
  },
};

/** @throws {WhiskError} when the value is of no use */
async function check(flag: string, value: string, invocation: Invocation): Promise<void> {
  if (flag === 'apihost') {
    try {
      apiHostUrl(value);
    } catch (error) {
      throw error instanceof WhiskError ? because(`Unable to set API host value; the API host value '${value}' is invalid`, error) : error;
    }
  }
  if (flag !== 'namespace') return;
  const namespaces = await attempting(`Authenticated user does not have namespace '${value}'; set command failed`, () => invocation.client.namespaces());
  if (!namespaces.includes(value)) throw new WhiskError(`Namespace '${value}' is not in the list of entitled namespaces`);
}

const unset: CommandSpec = {
  name: 'unset', usage: '', words: [0, 0], required: 'No arguments are required.', description: 'unset property',
  flags: PROPERTIES.map(({ flag, short, description }): Flag => ({ name: flag, ...(short === undefined ? {} : { short }), kind: 'boolean', description })),
  async run({ flags, out, propertiesPath }) {
    const chosen = PROPERTIES.filter(({ flag }) => flags.on(flag));
    const removed = new Set(chosen.map(({ key }) => key));
    const kept = Object.entries(await readProperties(propertiesPath)).filter(([key]) => !removed.has(key));
    await attempting('Unable to unset the property value', () => writeProperties(propertiesPath, Object.fromEntries(kept)));
    for (const { title, fallback } of chosen) {
      out.ok(`${title} unset${fallback === undefined ? '.' : `; the default value of ${out.bold(fallback)} will be used.`}`);
    }
  },
};

const BUILD_FLAGS: readonly Flag[] = [
  { name: 'cliversion', kind: 'boolean', description: 'whisk CLI version' },
  { name: 'apibuild', kind: 'boolean', description: 'whisk API build version' },
  { name: 'apibuildno', kind: 'boolean', description: 'whisk API build number' },
];

const get: CommandSpec = {
  name: 'get', usage: '', words: [0, 0], required: 'No arguments are required.',
  description: 'get property; the value alone with --output raw',
  flags: [
    ...PROPERTIES.map(({ flag, short, description }): Flag => ({ name: flag, ...(short === undefined ? {} : { short }), kind: 'boolean', description })),
    ...BUILD_FLAGS, { name: 'all', kind: 'boolean', description: 'all properties' },
  ],
  async run(invocation) {
    const { flags, out, settings } = invocation;
    const names = [...PROPERTIES.map(({ flag }) => flag), ...BUILD_FLAGS.map(({ name }) => name)];
    const chosen = flags.on('all') || !names.some((name) => flags.on(name)) ? names : names.filter((name) => flags.on(name));
    const values: Record<string, string> = {
      cert: settings.cert, key: settings.key, cacert: settings.cacert, auth: settings.auth, apihost: settings.apiHost,
      apiversion: settings.apiVersion, namespace: settings.namespace, cliversion: clientVersion(),
    };
    let failure: WhiskError | undefined;
    if (chosen.includes('apibuild') || chosen.includes('apibuildno')) {
      try {
        const { build, buildno } = await invocation.client.info();
        Object.assign(values, { apibuild: asText(build), apibuildno: asText(buildno) });
      } catch (error) {
        Object.assign(values, { apibuild: 'Unknown', apibuildno: 'Unknown' });
        if (!(error instanceof WhiskError)) throw error;
        failure = because('Unable to obtain API build information', error);
      }
    }
    if (out.format === 'json') out.json(Object.fromEntries(chosen.map((name) => [name, values[name] ?? ''])));
    else for (const name of chosen) out.line(out.format === 'raw' ? values[name] ?? '' : `${TITLES[name] ?? name}\t${out.bold(values[name] ?? '')}`);
    if (failure !== undefined) throw failure;
  },
};

/** With the second tab that wsk puts behind short titles. */
const TITLES: Readonly<Record<string, string>> = {
  cert: 'client cert\t', key: 'Client key\t', cacert: 'CA certificate\t', auth: 'whisk auth\t', apihost: 'whisk API host\t', apiversion: 'whisk API version',
  namespace: 'whisk namespace\t', cliversion: 'whisk CLI version', apibuild: 'whisk API build\t', apibuildno: 'whisk API build number',
};

function clientVersion(): string {
  return (JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string }).version;
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : 'Unknown';
}

export const propertyNoun: Noun = { name: 'property', description: 'work with whisk properties', commands: [set, unset, get] };
