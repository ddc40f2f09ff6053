import type { FastifyInstance } from 'fastify';
import { AccountError } from '../accounts/account-error.ts';
import { isAccountCommand, runAccountCommand } from '../accounts/account-commands.ts';
import type { Accounts } from '../accounts/accounts.ts';
import { LimitSettingsError } from '../accounts/limit-settings.ts';
import { ApiError, contentMalformed } from '../domain/errors.ts';
import { adminGuard } from './authentication.ts';
import { sendJson } from './json-reply.ts';
import type { ResolvedApiOptions } from './options.ts';
import { jsonBody } from './request-body.ts';
import { addResource } from './resource.ts';

const STATUS = { EUSAGE: 400, EAUTH: 400, ENOENT: 404, EEXISTS: 409 } as const;

/**
 * `POST /admin/accounts`, ours and not OpenWhisk's: an account command for whoever holds the admin token. It is how
 * `hpcwhisk user` reaches a controller that runs.
 */
export function addAccountsRoute(api: FastifyInstance, accounts: Accounts, { adminToken }: ResolvedApiOptions): void {
  const requireAdmin = adminGuard(adminToken);
  addResource(api, ['/admin/accounts'], {
    POST: {
      handler: async (request, reply) => {
        requireAdmin(request.headers.authorization);
        const command = jsonBody(request);
        if (!isAccountCommand(command)) throw contentMalformed('not an account command');
        try {
          const answer = await runAccountCommand(accounts, command);
          return await sendJson(reply, 200, answer);
        } catch (error) {
          if (error instanceof AccountError) throw new ApiError(STATUS[error.code], error.message, { headers: { 'x-hpcwhisk-error': error.code }, cause: error });
          if (error instanceof LimitSettingsError) throw new ApiError(400, error.message, { cause: error });
          throw error;
        }
      },
    },
  });
}
