import type { ActivationRecord, ActivationResponse } from '../domain/activation.ts';
import { RESPONSE_STATUS } from '../domain/activation.ts';
import type { ActivationSummary } from '../store/store.ts';

/** A record in full: as blocking calls, GET and lists with `docs` answer it. */
export function activationView(record: ActivationRecord): object {
  const { namespace, name, version, subject, activationId, cause, start, end, duration, logs, annotations, publish } = record;
  return {
    namespace, name, version, subject, activationId,
    ...(cause === undefined ? {} : { cause }),
    start,
    // Trigger activations never end.
    ...(end === 0 ? {} : { end, duration }),
    response: responseView(record.response),
    logs, annotations, publish,
  };
}

/** A record as lists show it. */
export function activationSummary(summary: ActivationSummary): object {
  const { namespace, name, version, publish, annotations, activationId, start, end, duration, statusCode, cause } = summary;
  return {
    namespace, name, version, publish, annotations, activationId, start,
    ...(end === 0 ? {} : { end, duration, statusCode }),
    ...(cause === undefined ? {} : { cause }),
  };
}

/** The response without its number, which OpenWhisk keeps to itself. */
export function responseView(response: ActivationResponse): object {
  return {
    status: RESPONSE_STATUS[response.statusCode],
    success: response.statusCode === 0,
    result: response.result,
    size: response.size,
  };
}
