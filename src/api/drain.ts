import type { FastifyInstance } from 'fastify';
import { platformOverloaded } from '../domain/errors.ts';

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

export function addDrain(api: FastifyInstance): void {
  let draining = false;
  api.decorate('drain', () => { draining = true; });
  api.addHook('onRequest', (request, reply, done) => {
    if (!draining || !request.url.startsWith('/api/')) {
      done();
      return;
    }
    reply.header('connection', 'close');
    done(platformOverloaded(RETRY_AFTER_SECONDS));
  });
}
