/**
 * Checks of what comes in over a link, before it is believed: the token says that the sender is one of ours, not that
 * it is of our version or in its right mind. Only what the receiving side relies on is looked at, so that a check costs
 * less than the parsing before it.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../domain/json.ts';
import type { ToController, ToInvoker } from './messages.ts';

type Check = (message: JsonObject) => boolean;

const isString = (value: JsonValue | undefined): value is string => typeof value === 'string';
const isNumber = (value: JsonValue | undefined): value is number => typeof value === 'number';
const isOptionalString = (value: JsonValue | undefined): boolean => value === undefined || typeof value === 'string';
const isOptionalNumber = (value: JsonValue | undefined): boolean => value === undefined || typeof value === 'number';
const isNumberOrNull = (value: JsonValue | undefined): boolean => value === null || typeof value === 'number';

function isStrings(value: JsonValue | undefined): boolean {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}

function isLimits(value: JsonValue | undefined): boolean {
  return isJsonObject(value) && isNumber(value['timeout']) && isNumber(value['memory']) && isNumber(value['logs']);
}

/** An array goes from one component of a sequence into the next. */
function isArguments(value: JsonValue | undefined): boolean {
  return isJsonObject(value) || Array.isArray(value);
}

function isActivationMessage(value: JsonValue | undefined): boolean {
  if (!isJsonObject(value)) return false;
  const action = value['action'];
  return isString(value['activationId']) && isString(value['namespace']) && isString(value['subject'])
    && isNumber(value['acceptedAt']) && isArguments(value['args']) && isJsonObject(value['env'])
    && isJsonObject(action) && isString(action['path']) && isString(action['name']) && isString(action['version'])
    && isString(action['revision']) && isString(action['kind']) && isOptionalString(action['image']) && isLimits(action['limits']);
}

function isOutcome(value: JsonValue | undefined): boolean {
  if (!isJsonObject(value)) return false;
  const response = value['response'];
  if (!isJsonObject(response) || response['result'] === undefined) return false;
  const status = response['statusCode'];
  return (status === 0 || status === 1 || status === 2 || status === 3) && isNumber(response['size'])
    && isNumber(value['start']) && isNumber(value['end']) && isNumber(value['duration']) && isNumber(value['waitTime'])
    && typeof value['timedOut'] === 'boolean' && isOptionalNumber(value['initTime']) && isStrings(value['logs']);
}

const CAUSES: ReadonlySet<JsonValue | undefined> = new Set(['preempted', 'time-limit', 'cancelled', 'shutdown', 'unknown']);

const toController: Record<ToController['type'], Check> = {
  // The version is looked at first: of a join of another version nothing else is promised.
  join: (m) => isNumber(m['version']) && isString(m['invokerId']) && isString(m['node']) && isOptionalString(m['jobId'])
    && isNumber(m['memoryMB']) && m['memoryMB'] >= 0 && isNumberOrNull(m['leaseEndsAt']) && isStrings(m['held'])
    && isOptionalNumber(m['startupMs']) && isOptionalNumber(m['startedAt']),
  heartbeat: (m) => isNumber(m['freeMemoryMB']) && isNumber(m['running']) && isNumberOrNull(m['leaseEndsAt']),
  complete: (m) => isString(m['activationId']) && isOutcome(m['outcome'])
    && (m['message'] === undefined || isActivationMessage(m['message'])),
  return: (m) => isString(m['activationId']) && (m['reason'] === 'not-started' || m['reason'] === 'interrupted'),
  'code-wanted': (m) => isString(m['path']) && isString(m['revision']),
  draining: (m) => CAUSES.has(m['cause']),
  leave: (m) => CAUSES.has(m['cause']),
};

const toInvoker: Record<ToInvoker['type'], Check> = {
  welcome: (m) => isNumber(m['heartbeatMs']) && isNumber(m['maxResultBytes']),
  refuse: (m) => isString(m['reason']),
  assign: (m) => isActivationMessage(m['message']),
  code: (m) => isString(m['path']) && isString(m['revision'])
    && (m['exec'] === null || (isJsonObject(m['exec']) && isString(m['exec']['kind']) && isOptionalString(m['exec']['code']))),
  ack: (m) => isStrings(m['ids']),
  drain: () => true,
};

function hasShape(checks: Record<string, Check>, value: JsonValue): boolean {
  if (!isJsonObject(value)) return false;
  const type = value['type'];
  if (typeof type !== 'string' || !Object.hasOwn(checks, type)) return false;
  return checks[type]?.(value) ?? false;
}

/** Parses one frame (a JSON array of messages); undefined when any part of it is not what this protocol says. */
function parseFrame(checks: Record<string, Check>, text: string): JsonValue[] | undefined {
  let frame: JsonValue;
  try {
    frame = JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
  return Array.isArray(frame) && frame.every((message) => hasShape(checks, message)) ? frame : undefined;
}

export function parseToController(text: string): ToController[] | undefined {
  return parseFrame(toController, text) as unknown as ToController[] | undefined;
}

export function parseToInvoker(text: string): ToInvoker[] | undefined {
  return parseFrame(toInvoker, text) as unknown as ToInvoker[] | undefined;
}

/** The version in the first message of a frame when it is a join of whatever version, so that a stranger gets a reason. */
export function versionOfJoin(text: string): number | undefined {
  try {
    const frame = JSON.parse(text) as JsonValue;
    const first = Array.isArray(frame) ? frame[0] : undefined;
    if (!isJsonObject(first) || first['type'] !== 'join') return undefined;
    return typeof first['version'] === 'number' ? first['version'] : undefined;
  } catch {
    return undefined;
  }
}
