/** Entities as the database holds them: JSON without the code of actions, which may be megabytes and travels apart. */
import { actionPath } from '../../domain/action.ts';
import type { EntityTypes } from '../../domain/entity.ts';
import type { EntityChange, StoredEntity } from '../store.ts';
import type { EntityPutRow, EntityRow } from './database-messages.ts';
import { deepFreeze } from './frozen-copy.ts';

type EntityPut = Extract<EntityChange, { change: 'put' }>;

export function entityPutRow(put: EntityPut, revision: string): EntityPutRow {
  const { entity } = put;
  const code = put.type === 'action' ? codeOf(put.entity.exec) : undefined;
  return {
    change: 'put', type: put.type, path: actionPath(entity), namespace: entity.namespace, parent: parentOf(put),
    publish: isPublished(put), updated: entity.updated, revision, expectedRevision: put.expectedRevision,
    ...(code === undefined || put.type !== 'action'
      ? { document: JSON.stringify(entity) }
      : { document: JSON.stringify({ ...put.entity, exec: { ...put.entity.exec, code: '' } }), code: JSON.stringify(code) }),
  };
}

/** Frozen. From a row of a list, an action has empty code. */
export function storedEntity({ type, revision, document, code }: EntityRow): StoredEntity {
  // The document is what a put of this type wrote.
  const stored = { type, entity: JSON.parse(document) as EntityTypes[typeof type], revision } as StoredEntity;
  if (stored.type === 'action' && code !== undefined) Object.assign(stored.entity.exec, { code: JSON.parse(code) as string });
  return deepFreeze(stored);
}

/** A binding is for its owner only, whatever it says of itself. */
function isPublished({ type, entity }: EntityPut): boolean {
  return entity.publish && !(type === 'package' && entity.binding !== undefined);
}

function codeOf(exec: object): string | undefined {
  return 'code' in exec && typeof exec.code === 'string' ? exec.code : undefined;
}

function parentOf(put: EntityPut): string {
  switch (put.type) {
    case 'action': return put.entity.package ?? '';
    case 'rule': return put.entity.trigger;
    case 'package': case 'trigger': return '';
  }
}
