import type { JsonValue } from '../../domain/json.ts';
import type { DocumentStore } from '../../store/store.ts';
import { RevisionConflict } from '../../store/store.ts';
import type { Alarm } from './alarm.ts';

const COLLECTION = 'alarms';
/** Someone else writes the same alarm at the same moment seldom, and never so often. */
const ATTEMPTS = 8;

export interface StoredAlarm {
  /** `namespace/trigger` */
  key: string;
  alarm: Alarm;
  revision: string;
}

/** Alarms as they are stored. */
export class AlarmBook {
  readonly #documents: DocumentStore;

  constructor(documents: DocumentStore) {
    this.#documents = documents;
  }

  async get(key: string): Promise<StoredAlarm | undefined> {
    const found = await this.#documents.get(COLLECTION, key);
    return found === undefined ? undefined : { key, alarm: found.value as unknown as Alarm, revision: found.revision };
  }

  async all(): Promise<StoredAlarm[]> {
    const found = await this.#documents.list(COLLECTION);
    return found.map(({ key, value, revision }) => ({ key, alarm: value as unknown as Alarm, revision }));
  }

  /** @throws {RevisionConflict} where it was changed since it was read */
  async replace({ key, revision }: Pick<StoredAlarm, 'key' | 'revision'>, alarm: Alarm): Promise<StoredAlarm> {
    return { key, alarm, revision: await this.#documents.put(COLLECTION, key, alarm as unknown as JsonValue, revision) };
  }

  /**
   * Writes what `change` makes of the alarm as it stands; undefined from it deletes the alarm.
   * @returns what stands then
   */
  async change(key: string, change: (alarm: Alarm | undefined) => Alarm | undefined): Promise<StoredAlarm | undefined> {
    for (let attempt = 1; ; attempt++) {
      const stored = await this.get(key);
      const changed = change(stored?.alarm);
      try {
        if (changed !== undefined) {
          const revision = await this.#documents.put(COLLECTION, key, changed as unknown as JsonValue, stored?.revision);
          return { key, alarm: changed, revision };
        }
        if (stored !== undefined) await this.#documents.delete(COLLECTION, key, stored.revision);
        return undefined;
      } catch (error) {
        if (!(error instanceof RevisionConflict) || attempt === ATTEMPTS) throw error;
      }
    }
  }
}
