/** Which API host, as whom, in which namespace. A flag beats the environment, which beats the properties file. */
import type { WskProperties } from './properties-file.ts';

export interface ConnectionSettings {
  /** As the user wrote it; empty where nothing names one. */
  readonly apiHost: string;
  /** `uuid:key`; empty where nothing gives one. */
  readonly auth: string;
  /** `_` is the namespace that the key belongs to. */
  readonly namespace: string;
  readonly apiVersion: string;
  /** Accept any certificate. */
  readonly insecure: boolean;
  /** Files of a client's certificate and key, and of the authority to trust; empty for none. */
  readonly cert: string;
  readonly key: string;
  readonly cacert: string;
  /** For the API gateway's management actions; wsk sends this text where nothing gives one. */
  readonly gatewayToken: string;
}

export type SettingFlags = Partial<Pick<ConnectionSettings, 'apiHost' | 'auth' | 'apiVersion' | 'insecure' | 'cert' | 'key' | 'cacert'>>;

/** wsk reads WHISK_…; inside an action OpenWhisk sets __OW_API_HOST and __OW_API_KEY, which its npm client reads. */
export function resolveSettings(flags: SettingFlags, env: NodeJS.ProcessEnv, properties: WskProperties): ConnectionSettings {
  return {
    apiHost: first(flags.apiHost, env['WHISK_APIHOST'], env['__OW_API_HOST'], properties['APIHOST']) ?? '',
    auth: first(flags.auth, env['WHISK_AUTH'], env['__OW_API_KEY'], properties['AUTH']) ?? '',
    namespace: first(env['WHISK_NAMESPACE'], properties['NAMESPACE']) ?? '_',
    apiVersion: first(flags.apiVersion, env['WHISK_APIVERSION'], properties['APIVERSION']) ?? 'v1',
    insecure: flags.insecure ?? false,
    cert: first(flags.cert, properties['CERT']) ?? '',
    key: first(flags.key, properties['KEY']) ?? '',
    cacert: first(flags.cacert, properties['CACERT']) ?? '',
    gatewayToken: first(properties['APIGW_ACCESS_TOKEN']) ?? 'DUMMY TOKEN',
  };
}

function first(...values: readonly (string | undefined)[]): string | undefined {
  return values.find((value) => value !== undefined && value !== '');
}
