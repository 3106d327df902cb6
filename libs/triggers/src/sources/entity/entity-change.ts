/** What happened to a row of an entity. */
export const ENTITY_OPERATIONS = ['insert', 'update', 'remove'] as const;

/**
 * What happened to a row. Where the entity has a delete column, setting it is a `remove`, clearing it an `insert`, and what
 * happens to a row in between is not told.
 */
export type EntityOperation = (typeof ENTITY_OPERATIONS)[number];

type Scalar = string | number | boolean | bigint | symbol | Date | Uint8Array | null | undefined;

/** Names of what is stored: methods are not. */
export type EntityField<E> = {
  [K in keyof E]-?: E[K] extends (...args: never[]) => unknown ? never : K;
}[keyof E] &
  string;

/**
 * A row as the change has found or left it: plain, with the values that TypeORM would have given the entity. Columns with
 * `select: false` are left out. Of a relation only the key is there (`{ customer: { id: 7 } }`), so whatever is no plain value may
 * be missing.
 */
export type EntityRow<E> = {
  readonly [K in EntityField<E> as E[K] extends Scalar ? K : never]: E[K];
} & {
  readonly [K in EntityField<E> as E[K] extends Scalar ? never : K]?: E[K];
};

/** The key of a row: its value, or an object where the entity has several primary columns. */
export type EntityId = string | number | Date | Readonly<Record<string, unknown>>;

interface Changed {
  /** The class of the entity, by its name. */
  readonly entity: string;
  readonly id: EntityId;
  /** When the row was written, by the clock of the application's database. */
  readonly changedAt: Date;
}

/** A row that is new, or was restored. */
export interface EntityInsert<E> extends Changed {
  readonly operation: 'insert';
  readonly before: null;
  readonly after: EntityRow<E>;
}

/** A row of which something has changed. */
export interface EntityUpdate<E> extends Changed {
  readonly operation: 'update';
  readonly before: EntityRow<E>;
  readonly after: EntityRow<E>;
}

/** A row that is gone, or was soft-deleted. */
export interface EntityRemove<E> extends Changed {
  readonly operation: 'remove';
  readonly before: EntityRow<E>;
  readonly after: null;
}

/**
 * One committed change of one row.
 *
 * @typeParam E the class of the entity
 * @typeParam O the operations that the trigger listens to
 */
export type EntityChange<E = Readonly<Record<string, unknown>>, O extends EntityOperation = EntityOperation> = Extract<
  EntityInsert<E> | EntityUpdate<E> | EntityRemove<E>,
  { readonly operation: O }
>;

/** What is fired where the method returns nothing. Dates are ISO texts, bytes base64, a `bigint` is a text. */
export interface EntityContext {
  readonly entity: string;
  readonly operation: EntityOperation;
  readonly id: unknown;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
}

/** {@link EntityContext} of a change. */
export function contextOf({ entity, operation, id, before, after }: EntityChange): object {
  return plain({ entity, operation, id, before, after }) as object;
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}
