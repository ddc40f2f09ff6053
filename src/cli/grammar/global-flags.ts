import type { Flag } from './flag.ts';

/** Understood in front of the noun and anywhere behind it, unless a command has one of the same name. */
export const GLOBAL_FLAGS: readonly Flag[] = [
  { name: 'apihost', kind: 'text', value: 'HOST', description: 'whisk API host; https where it names no scheme' },
  { name: 'auth', short: 'u', kind: 'text', value: 'KEY', description: 'authorization key' },
  { name: 'apiversion', kind: 'text', value: 'VERSION', description: 'whisk API version' },
  { name: 'insecure', short: 'i', kind: 'boolean', description: 'bypass certificate checking' },
  { name: 'cert', kind: 'text', value: 'FILE', description: 'client certificate' },
  { name: 'key', kind: 'text', value: 'FILE', description: 'client key' },
  { name: 'cacert', kind: 'text', value: 'FILE', description: 'certificate of the authority that signed the API host\'s' },
  { name: 'state', kind: 'text', value: 'DIR', description: 'use the controller that runs on this state directory' },
  { name: 'output', short: 'o', kind: 'text', value: 'FORMAT', description: 'table (as wsk prints it), wide, name, or json: nothing but JSON on the standard output' },
  { name: 'verbose', short: 'v', kind: 'boolean', description: 'show requests and responses on the standard error' },
  { name: 'debug', short: 'd', kind: 'boolean', description: 'as --verbose, with bodies in full' },
  { name: 'help', short: 'h', kind: 'boolean', description: 'show help' },
];
