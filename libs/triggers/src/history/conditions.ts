import type { Store } from '../store/store.service.js';

/** One test of a row; the row is called `row` in its SQL. */
export interface Condition {
  readonly sql: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** Rows made in `[from, to)`. */
export interface TimeRange {
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

/** How far the time in an id and the instant of its row may lie apart. */
const ID_SLACK_MS = 3_600_000;

/** `row.<column> = value`, for every value that is given. */
export function equals(values: Readonly<Record<string, string | undefined>>): Condition[] {
  return Object.entries(values).flatMap(([column, value]) =>
    value === undefined ? [] : [{ sql: `row.${column} = :${column}`, parameters: { [column]: value } }],
  );
}

/**
 * Rows whose instant lies in a range. Ids sort by time as well, so a bound on them, a little wider, lets the database
 * read a range of its index instead of everything; unless the clock is not the machine's, as ids always follow that.
 */
export function within(store: Store, column: string, { from, to }: TimeRange): Condition[] {
  return [
    ...bound(store, { column, comparison: '>=', name: 'from', at: from, slackMs: -ID_SLACK_MS }),
    ...bound(store, { column, comparison: '<', name: 'to', at: to, slackMs: ID_SLACK_MS }),
  ];
}

interface Bound {
  readonly column: string;
  readonly comparison: '>=' | '<';
  readonly name: string;
  readonly at: Date | undefined;
  readonly slackMs: number;
}

function bound(store: Store, { column, comparison, name, at, slackMs }: Bound): Condition[] {
  if (at === undefined) return [];
  const value = store.dialect.type === 'sqlite' ? at.toISOString() : at;
  const exact = { sql: `row.${column} ${comparison} :${name}`, parameters: { [name]: value } };
  if (store.clock.rulesTheStore) return [exact];
  const id = lowestIdAt(at.getTime() + slackMs);
  return [exact, { sql: `row.id ${comparison} :${name}Id`, parameters: { [`${name}Id`]: id } }];
}

/** The first 48 bits of a UUIDv7 are its milliseconds since 1970. */
function lowestIdAt(ms: number): string {
  const digits = Math.min(Math.max(ms, 0), 2 ** 48 - 1)
    .toString(16)
    .padStart(12, '0');
  return `${digits.slice(0, 8)}-${digits.slice(8)}-0000-0000-000000000000`;
}
