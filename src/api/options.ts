import type { Accounts } from '../accounts/accounts.ts';
import type { Identities } from '../accounts/identities.ts';
import type { Throttles } from '../accounts/throttles.ts';
import type { Clock } from '../clock/clock.ts';
import type { Invocations } from '../compose/invocations.ts';
import type { Dispatch } from '../dispatch/dispatch.ts';
import type { Limits } from '../domain/limits.ts';
import { DEFAULT_LIMITS } from '../domain/limits.ts';
import type { Logger } from '../domain/logger.ts';
import type { Store } from '../store/store.ts';

/** What the HTTP API stands on. */
export interface ApiServices extends Identities {
  /** Opens `POST /admin/accounts`. @default that does not exist */
  accounts?: Accounts;
  store: Store;
  dispatch: Dispatch;
  invocations: Invocations;
  throttles: Throttles;
  clock: Clock;
  logger: Logger;
  options: ApiOptions;
}

export interface ApiOptions {
  /** Opens `GET /status`. */
  adminToken: string;
  /** Fields that other rooms add to `GET /status`, such as the pilot jobs. @default none */
  statusExtras?: () => object;
  /** The platform's limits, as `/` shows them; what holds for a namespace says `limitsOf`. @default OpenWhisk's */
  limits?: Limits;
  /** Shown as `build` and `buildno` under `/api/v1`. @default a development build */
  build?: { date: string; number: string };
  /** Namespaces have hosts of their own below this domain: `NAMESPACE.DOMAIN`. @default none */
  webDomain?: string | undefined;
}

export type ResolvedApiOptions = Required<ApiOptions>;

export function resolveApiOptions(options: ApiOptions): ResolvedApiOptions {
  if (options.adminToken === '') throw new RangeError('the admin token must not be empty');
  return { limits: DEFAULT_LIMITS, build: { date: 'development', number: '0' }, statusExtras: () => ({}), webDomain: undefined, ...options };
}
