/** Entities and records as the API answers with them. What may be absent is optional; more may be present. */
import type { JsonObject, JsonValue } from '../domain/json.ts';
import type { KeyValue } from './parameter-values.ts';

interface EntityResource {
  namespace: string;
  name: string;
  version: string;
  publish?: boolean;
  annotations?: KeyValue[];
  /** Epoch ms. */
  updated?: number;
}

export interface Exec { kind: string; code?: string; binary?: boolean; main?: string; image?: string; components?: string[] }
export interface Limits { timeout?: number; memory?: number; logs?: number; concurrency?: number }

/** In a package its namespace is `ns/package`. */
export interface ActionResource extends EntityResource { exec?: Exec; parameters?: KeyValue[]; limits?: Limits }
export interface PackageMember { name: string; version?: string; annotations?: KeyValue[]; parameters?: KeyValue[] }
export interface PackageResource extends EntityResource {
  parameters?: KeyValue[];
  binding?: false | { namespace?: string; name?: string };
  actions?: PackageMember[];
  feeds?: PackageMember[];
}
export interface TriggerResource extends EntityResource { parameters?: KeyValue[] }
export interface RuleResource extends EntityResource { status?: string; trigger?: JsonValue; action?: JsonValue }

export interface ActivationResource extends EntityResource {
  activationId: string;
  subject?: string;
  /** Epoch ms. */
  start: number;
  end?: number;
  /** ms. */
  duration?: number;
  /** In lists: 0 success, 1 application error, 2 developer error, 3 internal error. */
  statusCode?: number;
  response?: { status?: string; success?: boolean; result?: JsonValue };
  logs?: string[];
}

export interface Resources {
  actions: ActionResource;
  packages: PackageResource;
  triggers: TriggerResource;
  rules: RuleResource;
}
export type Collection = keyof Resources;

/** The API document (swagger 2.0) of a base path and where it is served. */
export interface ManagedApi {
  gwApiUrl: string;
  apidoc?: { basePath?: string; info?: { title?: string }; paths?: Record<string, Record<string, JsonObject>> };
}
