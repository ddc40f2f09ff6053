/** What an administrator can have done, as data: it comes from the command line directly, or over HTTP where a controller runs. */
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { JsonValue } from '../domain/json.ts';
import type { Limits } from '../domain/limits.ts';
import { AccountError } from './account-error.ts';
import type { Accounts, IssuedKey, SubjectView } from './accounts.ts';
import type { LimitSettings } from './limit-settings.ts';

const Name = Type.String({ minLength: 1 });
const One = Type.Object({ command: Type.Union([Type.Literal('get'), Type.Literal('block'), Type.Literal('unblock')]), subject: Name });
const Create = Type.Object({ command: Type.Literal('create'), subject: Name, namespace: Type.Optional(Name), auth: Type.Optional(Name) });
const Delete = Type.Object({ command: Type.Literal('delete'), subject: Name, namespace: Type.Optional(Name) });
const List = Type.Object({ command: Type.Literal('list'), namespace: Type.Optional(Name) });
const RotateKey = Type.Object({
  command: Type.Literal('rotate-key'), subject: Name, namespace: Type.Optional(Name), auth: Type.Optional(Name), keep: Type.Optional(Type.Boolean()),
});
/** `changes`: names and values to set, null for what is to be the platform's again. */
const LimitsCommand = Type.Object({
  command: Type.Literal('limits'), namespace: Name, changes: Type.Optional(Type.Record(Type.String(), Type.Unsafe<JsonValue>({}))),
});
const Command = Type.Union([One, Create, Delete, List, RotateKey, LimitsCommand]);
const checker = Compile(Command);

export type AccountCommand = Type.Static<typeof Command>;

/** What each command gives. */
export interface AccountAnswers {
  create: IssuedKey;
  'rotate-key': IssuedKey;
  get: SubjectView;
  block: SubjectView;
  unblock: SubjectView;
  list: SubjectView[];
  delete: { subject: string };
  /** `set`: what is set for the namespace itself; `limits`: what holds. */
  limits: { namespace: string; set: LimitSettings; limits: Limits };
}

export function isAccountCommand(value: unknown): value is AccountCommand {
  return checker.Check(value);
}

/** @throws {AccountError} @throws {LimitSettingsError} @throws {StoreUnavailable} */
export async function runAccountCommand(accounts: Accounts, command: AccountCommand): Promise<AccountAnswers[AccountCommand['command']]> {
  switch (command.command) {
    case 'create': return accounts.create(command.subject, command);
    case 'rotate-key': return accounts.rotateKey(command.subject, command);
    case 'get': return accounts.get(command.subject);
    case 'block': return accounts.setBlocked(command.subject, true);
    case 'unblock': return accounts.setBlocked(command.subject, false);
    case 'list': return accounts.list(command.namespace);
    case 'delete':
      await accounts.delete(command.subject, command.namespace);
      return { subject: command.subject };
    case 'limits': {
      const { namespace, changes = {} } = command;
      const set = Object.keys(changes).length === 0 ? accounts.limitSettings(namespace) : await accounts.setLimits(namespace, changes);
      return { namespace, set, limits: accounts.limitsOf(namespace) };
    }
    default:
      throw new AccountError('EUSAGE', 'there is no such command');
  }
}
