import type { PostgresDatabaseOptions } from 'nestjs-triggers';
import pg from 'pg';
import type { Recording } from './recording.js';

type Statement = Pick<pg.QueryConfig, 'name' | 'text' | 'values'>;

/** How the connection of the commits was opened, and what came over it. */
interface Recorded {
  options: string | undefined;
  readonly statements: Statement[];
}

/** As the library opens the connection of its commits, which is the one that writes. */
const WRITES = 'default_transaction_read_only=on';

/**
 * Watches the connection of the commits. Run again, statements leave without waiting for anything, two transactions at a time, so that
 * the server always has one to work at: what decides is the server alone. No application is connected when it begins.
 */
export async function recordPostgres(
  { url }: PostgresDatabaseOptions,
  work: () => Promise<unknown>,
): Promise<Recording> {
  const name = new URL(url).pathname.slice(1);
  const [before, again] = [`${name}_before`, `${name}_again`];
  await administer(url, `CREATE DATABASE ${before} TEMPLATE ${name}`);
  const { options, statements } = await recorded(work);
  return {
    replay: async () => {
      await administer(url, `CREATE DATABASE ${again} TEMPLATE ${before}`);
      const client = new pg.Client({ connectionString: at(url, again), options, pipeline: true });
      await client.connect();
      const ms = await replay(client, statements);
      await client.end();
      await administer(url, `DROP DATABASE ${again}`);
      return ms;
    },
  };
}

async function recorded(work: () => Promise<unknown>): Promise<Recorded> {
  const found: Recorded = { options: undefined, statements: [] };
  const { query } = pg.Client.prototype;
  pg.Client.prototype.query = function (this: pg.Client, ...given: Parameters<typeof query>) {
    const { options } = (this as unknown as { connectionParameters: { options?: string } }).connectionParameters;
    if (options?.includes(WRITES) === true) {
      found.options = options;
      found.statements.push(statementOf(given[0]));
    }
    return query.apply(this, given);
  } as typeof query;
  try {
    await work();
  } finally {
    pg.Client.prototype.query = query;
  }
  return found;
}

function statementOf(asked: unknown): Statement {
  if (typeof asked === 'string') return { text: asked };
  const { name, text, values } = asked as pg.QueryConfig;
  return { ...(name !== undefined && { name }), text, ...(values && { values }) };
}

async function replay(client: pg.Client, statements: readonly Statement[]): Promise<number> {
  const started = performance.now();
  let before: Promise<unknown> = Promise.resolve();
  let answered: Promise<unknown>[] = [];
  for (const statement of statements) {
    answered.push(client.query(statement));
    if (statement.text !== 'COMMIT') continue;
    const transaction = Promise.all(answered);
    await before;
    [before, answered] = [transaction, []];
  }
  await Promise.all([before, ...answered]);
  return performance.now() - started;
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: at(url, 'postgres') });
  await client.connect();
  await client.query(statement);
  await client.end();
}

function at(url: string, database: string): string {
  return Object.assign(new URL(url), { pathname: database }).href;
}
