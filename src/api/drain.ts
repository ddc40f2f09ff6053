import type { FastifyInstance } from 'fastify';
import type { ApiError } from '../domain/errors.ts';
import { platformStopping } from '../domain/errors.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * From now on, whatever is asked of the REST API, web actions and the gateway is refused with 503, and the
     * connection that brought it is closed after that. What is under way goes on; the platform's own pages stay.
     */
    drain(): void;
  }
}

/** By then another controller, or this one again, may listen. */
const RETRY_AFTER_SECONDS = 2;

/** @returns the refusal of a request for this URL; undefined while none is refused */
export function addDrain(api: FastifyInstance): (url: string) => ApiError | undefined {
  let draining = false;
  api.decorate('drain', () => { draining = true; });
  return (url) => (draining && url.startsWith('/api/') ? platformStopping(RETRY_AFTER_SECONDS) : undefined);
}
