import type { Clock } from '../clock/clock.ts';
import type { Dispatch } from '../dispatch/dispatch.ts';
import type { Identity } from '../domain/identity.ts';
import type { ActionLimitRanges } from '../domain/limits.ts';
import { DEFAULT_LIMIT_RANGES } from '../domain/limits.ts';
import type { Logger } from '../domain/logger.ts';
import type { Store } from '../store/store.ts';

/** What the HTTP API stands on. */
export interface ApiServices {
  store: Store;
  dispatch: Dispatch;
  /** Whose key this is; must not tell by its duration how much of a wrong key is right. */
  authenticate: (uuid: string, key: string) => Identity | undefined;
  /** In whose name the web actions of a namespace run. */
  ownerOf: (namespace: string) => Identity | undefined;
  clock: Clock;
  logger: Logger;
  options: ApiOptions;
}

export interface ApiOptions {
  /** Opens `GET /status`. */
  adminToken: string;
  /** Fields that other rooms add to `GET /status`, such as the pilot jobs. @default none */
  statusExtras?: () => object;
  /**
   * Ranges of the limits that actions may ask for.
   * @default OpenWhisk's: 100 ms to 5 min, 128 to 512 MB, 0 to 10 MB of logs, 1 activation per container
   */
  limits?: ActionLimitRanges;
  /** Shown as `build` and `buildno` under `/api/v1`. @default a development build */
  build?: { date: string; number: string };
}

export type ResolvedApiOptions = Required<ApiOptions>;

export function resolveApiOptions(options: ApiOptions): ResolvedApiOptions {
  if (options.adminToken === '') throw new RangeError('the admin token must not be empty');
  return { limits: DEFAULT_LIMIT_RANGES, build: { date: 'development', number: '0' }, statusExtras: () => ({}), ...options };
}
