/** The platform's own namespace `whisk.system`: its packages, and the alarms behind one of them. */
import type { Identities } from '../accounts/identities.ts';
import type { Throttles } from '../accounts/throttles.ts';
import type { Clock } from '../clock/clock.ts';
import type { Builtin } from '../compose/builtins.ts';
import type { Invocations } from '../compose/invocations.ts';
import type { Logger } from '../domain/logger.ts';
import { standardLimits } from '../domain/limits.ts';
import type { Store } from '../store/store.ts';
import { AlarmBook } from './alarms/alarm-book.ts';
import { AlarmClock } from './alarms/alarm-clock.ts';
import { alarmFeeds } from './alarms/alarm-feeds.ts';
import { installSystemPackages } from './install-system-packages.ts';
import { SYSTEM_NAMESPACE } from './system-packages.ts';

interface SystemOptions {
  store: Pick<Store, 'entities' | 'documents'>;
  identities: Pick<Identities, 'ownerOf' | 'limitsOf'>;
  throttles: Throttles;
  /** The kind of the code in its packages, `family:version`. */
  kind: string;
  clock: Clock;
  logger: Logger;
}

export class System {
  /** What its actions do that the controller runs, by name. */
  readonly builtins: readonly [name: string, builtin: Builtin][];
  readonly #options: SystemOptions;
  readonly #alarms: AlarmClock;

  constructor(options: SystemOptions) {
    const { store, identities, throttles, clock, logger } = options;
    const book = new AlarmBook(store.documents);
    this.#options = options;
    this.#alarms = new AlarmClock({ book, entities: store.entities, ownerOf: identities.ownerOf, throttles, clock, logger });
    this.builtins = alarmFeeds({ book, alarmClock: this.#alarms, entities: store.entities, clock });
  }

  /** Puts its packages in place and winds up the alarms. To be called when triggers can be fired. */
  async start(fire: Invocations['fire']): Promise<void> {
    const { store, identities, kind, clock, logger } = this.#options;
    const limits = standardLimits(identities.limitsOf(SYSTEM_NAMESPACE).action);
    const written = await installSystemPackages({ entities: store.entities, kind, limits, now: clock.now() });
    if (written > 0) logger.info({ written }, 'packages of whisk.system put in place');
    await this.#alarms.start(fire);
  }

  /** No trigger is fired any more when it resolves. */
  stop(): Promise<void> {
    return this.#alarms.stop();
  }
}
