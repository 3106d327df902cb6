import type { Ledger } from './ledger.js';

const TABLES = ['triggers_firing', 'triggers_execution', 'triggers_task'] as const;
const AT_ONCE = 20_000;
const DAY_MS = 86_400_000;
/** Old, but younger than what is pruned. */
const OLDEST_MS = 20 * DAY_MS;
const NEWEST_MS = 2 * DAY_MS;

/**
 * Copies the one execution of a ledger so many times, by SQL: every column as it is, ids and instants as if one had been
 * made after the other over the last weeks.
 */
export async function insertHistory(ledger: Ledger, count: number): Promise<void> {
  const copies: { table: string; row: Record<string, unknown> }[] = [];
  for (const table of TABLES) copies.push({ table, row: (await ledger.rows(`SELECT * FROM ${table}`))[0]! });
  const ids = copies.map(({ row }) => String(row['id']));
  const start = Date.now() - OLDEST_MS;
  const ms = `(${start} + CAST(i AS bigint) * ${Math.floor((OLDEST_MS - NEWEST_MS) / count)})`;
  for (let from = 0; from < count; from += AT_ONCE) {
    const numbers = ledger.words.numbers(from, Math.min(count, from + AT_ONCE));
    for (const { table, row } of copies) {
      const columns = Object.entries(row).map(([column, value]) => copied(column, value));
      const source = `(SELECT * FROM ${table} WHERE id = '${String(row['id'])}') AS t`;
      const into = `${table} (${Object.keys(row).join(', ')})`;
      await ledger.run(`INSERT INTO ${into} SELECT ${columns.join(', ')} FROM ${source} CROSS JOIN ${numbers} AS n`);
    }
  }

  function copied(column: string, value: unknown): string {
    if (value !== null && column.endsWith('_at')) return ledger.words.instant(ms);
    const text = typeof value === 'string' ? value : '';
    return ids.reduce(
      (sql, id, kind) => (text.includes(id) ? `replace(${sql}, '${id}', ${newId(kind)})` : sql),
      `t.${column}`,
    );
  }

  /** A UUIDv7 of that instant; what it names is told by its third group. */
  function newId(kind: number): string {
    const time = ledger.words.hex(ms, 12);
    return `(substr(${time}, 1, 8) || '-' || substr(${time}, 9, 4) || '-700${kind}-8000-' || ${ledger.words.hex('i', 12)})`;
  }
}
