import { Client } from 'pg';
import { until } from '../../../../../test/support/until.js';
import type { StoreKit } from './kit.contract.js';

/** Another process on the Postgres of a test, in a transaction that ends when the test says so. */
export class OtherProcess {
  private constructor(
    private readonly client: Client,
    private readonly pid: number,
  ) {}

  static async on({ options }: StoreKit): Promise<OtherProcess> {
    const client = new Client({ connectionString: process.env['TEST_POSTGRES_URL'] });
    await client.connect();
    await client.query(`SET search_path TO ${(options as { schema: string }).schema}`);
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    return new OtherProcess(client, rows[0]?.pid as number);
  }

  async run(sql: string, values: readonly unknown[] = []): Promise<void> {
    await this.client.query(sql, [...values]);
  }

  /** Whether this work waits for a row that the other one has locked, or is over without. */
  async isInTheWayOf(work: Promise<unknown>): Promise<boolean> {
    const what = { isOver: false };
    const over = (): void => void (what.isOver = true);
    work.then(over, over);
    return until(
      async () => (what.isOver ? 'over' : (await this.#isWaitedFor()) && 'waits'),
      'it is over, or waits for the other process',
    ).then((found) => found === 'waits');
  }

  end(): Promise<void> {
    return this.client.end();
  }

  async #isWaitedFor(): Promise<boolean> {
    const blocked = 'SELECT 1 FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))';
    return ((await this.client.query(blocked, [this.pid])).rowCount ?? 0) > 0;
  }
}

/** Another process for each test. */
export function useOtherProcess(kit: () => StoreKit): () => OtherProcess {
  let other: OtherProcess;
  beforeEach(async () => {
    other = await OtherProcess.on(kit());
  });
  afterEach(() => other.end());
  return () => other;
}
