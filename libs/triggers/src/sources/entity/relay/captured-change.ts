import { isPlainObject } from '../../../model/json.js';
import type { EntityChange, EntityId, EntityOperation } from '../entity-change.js';
import type { EntityDefinition } from '../entity-trigger.definition.js';
import type { OutboxRow } from '../outbox/outbox.js';
import { entityOf, readRow, visible } from './entity-rows.js';
import type { RawRow } from './entity-rows.js';

/** What an outbox row says to one trigger, by the names of the database: it is what dead letters keep, and operators mend. */
export interface CapturedChange {
  readonly operation: EntityOperation;
  readonly before: RawRow | null;
  readonly after: RawRow | null;
  readonly changedAt: string;
}

/** What a row of its table means to a trigger; `null`: nothing. @throws SyntaxError for a row that cannot be read */
export function capturedBy(trigger: EntityDefinition, row: OutboxRow): CapturedChange | null {
  const { metadata, on } = trigger;
  const old = row.old === null ? null : readRow(row.old, metadata);
  const fresh = row.new === null ? null : readRow(row.new, metadata);
  const operation = operationOf(trigger, old, fresh);
  if (operation === null || !on.includes(operation)) return null;
  if (operation === 'update' && !hasChanged(trigger, old, fresh)) return null;
  const isGone = operation === 'remove';
  return {
    operation,
    before: old === null || operation === 'insert' ? null : visible(metadata, old),
    after: fresh === null || isGone ? null : visible(metadata, fresh),
    changedAt: row.createdAt.toISOString(),
  };
}

/** The change as the method of a trigger sees it. */
export function changeOf(
  { metadata }: EntityDefinition,
  { operation, before, after, changedAt }: CapturedChange,
): EntityChange {
  const rows = [before, after].map((row) => row && entityOf(metadata, row));
  const [earlier = null, later = null] = rows;
  const id = metadata.getEntityIdMixedMap(later ?? earlier ?? {}) as EntityId | undefined;
  const change = {
    entity: metadata.name,
    operation,
    id,
    before: earlier,
    after: later,
    changedAt: new Date(changedAt),
  };
  return change as EntityChange;
}

/** What {@link CapturedChange} was written as; `null` for something else. */
export function readCapture(text: string): CapturedChange | null {
  const read: unknown = JSON.parse(text);
  if (!isPlainObject(read)) return null;
  const { operation, before, after } = read;
  const [needsBefore, needsAfter] = [operation !== 'insert', operation !== 'remove'];
  const isSound = ['insert', 'update', 'remove'].includes(String(operation));
  const isWhole = isPlainObject(before) === needsBefore && isPlainObject(after) === needsAfter;
  return isSound && isWhole ? (read as unknown as CapturedChange) : null;
}

/** To set the delete column is to remove, to clear it to insert; of what happens to a removed row nobody is told. */
function operationOf(trigger: EntityDefinition, old: RawRow | null, fresh: RawRow | null): EntityOperation | null {
  if (!isOne(trigger, (fresh ?? old) as RawRow)) return null;
  const isHere = (row: RawRow | null): boolean => row !== null && !isMarked(trigger, row);
  if (isHere(old)) return isHere(fresh) ? 'update' : 'remove';
  return isHere(fresh) ? 'insert' : null;
}

function isMarked({ metadata: { deleteDateColumn } }: EntityDefinition, row: RawRow): boolean {
  return deleteDateColumn !== undefined && (row[deleteDateColumn.databaseName] ?? null) !== null;
}

/** Whether a row of a table that several classes share is of this one. */
function isOne({ metadata }: EntityDefinition, row: RawRow): boolean {
  const { discriminatorColumn, discriminatorValue, childEntityMetadatas } = metadata;
  if (discriminatorColumn === undefined || metadata.tableType !== 'entity-child') return true;
  const values = [discriminatorValue, ...childEntityMetadatas.map((child) => child.discriminatorValue)];
  return values.includes(row[discriminatorColumn.databaseName] as string);
}

/** The database has looked too, for all triggers of the table together. */
function hasChanged({ columns }: EntityDefinition, old: RawRow | null, fresh: RawRow | null): boolean {
  if (columns === null) return true;
  return columns.some((column) => !isSame(old?.[column], fresh?.[column]));
}

/** JSON has no word for a number without end, which databases know. */
function isSame(one: unknown, other: unknown): boolean {
  if (typeof one === 'number' || typeof other === 'number') return one === other;
  return JSON.stringify(one) === JSON.stringify(other);
}
