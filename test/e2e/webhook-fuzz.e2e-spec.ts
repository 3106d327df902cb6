import fc from 'fast-check';
import { PROPERTY_TIMEOUT_MS, runs } from '../../libs/triggers/src/testing/properties.contract.js';
import { PLATFORMS } from '../support/app.js';
import { endAll, spawnChild } from '../support/child.js';
import type { Child } from '../support/child.js';
import { newDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { SECRETS, bytesOf, isForged, mayBeCutOff, oddRequest } from '../support/odd-requests.js';
import type { OddRequest } from '../support/odd-requests.js';
import { until } from '../support/until.js';
import { Wire } from '../support/wire.js';
import type { WireAnswer } from '../support/wire.js';

/** Requests that are on their way at once, each on a socket of its own. */
const SOCKETS = 24;
/** What caches may grow by that were not full yet. */
const GROWTH_BYTES = 24 * 1_048_576;
/** Every kind of answer is seen, or the requests were not odd enough. */
const SEEN = [200, 202, 400, 401, 404, 405, 413, 415];
const CASES = [
  { platform: PLATFORMS[0], dialect: 'sqlite' },
  { platform: PLATFORMS[1], dialect: 'postgres' },
] as const;

describe.each(CASES)('webhooks that are sent whatever there is, on $platform and $dialect', ({ platform, dialect }) => {
  let database: TestDatabase;
  let child: Child;
  let wires: Wire[];
  const executions = new Set<string>();
  const answers = new Map<string, number>();

  beforeAll(async () => {
    database = await newDatabase(dialect);
    const environment = { ...database.environment, PLATFORM: platform, SECRETS: JSON.stringify(SECRETS) };
    child = spawnChild('fuzzed.mjs', environment);
    const url = String(await child.says('ready'));
    wires = Array.from({ length: SOCKETS }, () => new Wire(url));
  }, 60_000);
  afterAll(async () => {
    for (const wire of wires) wire.close();
    await endAll();
  });

  async function send(request: OddRequest, wire: Wire): Promise<void> {
    const answer = await answerTo(request, wire);
    const counted = answer === null ? 'cut off' : String(answer.status);
    answers.set(counted, (answers.get(counted) ?? 0) + 1);
    if (answer === null) return;
    expect(answer.status === 503 || answer.status < 500).toBe(true);
    if (isForged(request)) expect(answer.status).toBeGreaterThanOrEqual(400);
    for (const secret of Object.values(SECRETS)) expect(answer.body).not.toContain(secret);
    for (const id of executionIds(answer)) executions.add(id);
  }

  async function answerTo(request: OddRequest, wire: Wire): Promise<WireAnswer | null> {
    try {
      return await wire.send(bytesOf(request, Date.now()), request.method !== 'HEAD');
    } catch (error) {
      wire.close();
      if (!child.isRunning) throw new Error(`the application has ended: ${child.stderr}`, { cause: error });
      if (mayBeCutOff(request)) return null;
      throw error;
    }
  }

  const property = fc.asyncProperty(
    fc.array(oddRequest, { minLength: 1, maxLength: SOCKETS, size: 'max' }),
    async (requests) => {
      const sent = await Promise.allSettled(requests.map((request, index) => send(request, wires[index] as Wire)));
      for (const [index, outcome] of sent.entries())
        if (outcome.status === 'rejected') {
          const bytes = bytesOf(requests[index] as OddRequest, Date.now())
            .toString('latin1')
            .slice(0, 2_000);
          throw new Error(`${String(outcome.reason)} for ${JSON.stringify(bytes)}`, { cause: outcome.reason });
        }
    },
  );

  /** The bytes in use once everything that was accepted has ended. */
  async function inUse(): Promise<number> {
    await until(
      async () => {
        const open = await database.query(`SELECT id FROM triggers_execution WHERE state <> 'completed' LIMIT 1`);
        return open.length === 0;
      },
      'everything has ended',
      60_000,
    );
    const answer = await (wires[0] as Wire).send(Buffer.from('GET /memory HTTP/1.1\r\nHost: x\r\n\r\n'));
    return (JSON.parse(answer.body) as { used: number }).used;
  }

  it(
    'answer each with a receipt or a refusal, start what they acknowledge and nothing else, and keep nothing in memory',
    async () => {
      await fc.assert(property, runs(20));
      const before = await inUse();
      await fc.assert(property, runs(80));
      const after = await inUse();
      expect(after - before).toBeLessThan(GROWTH_BYTES);
      expect(child.isRunning).toBe(true);
      expect([...answers.keys()]).toEqual(expect.arrayContaining(SEEN.map(String)));
      const rows = await database.query('SELECT id, trigger FROM triggers_execution');
      const stored = new Set(rows.map(({ id }) => String(id)));
      expect([...executions].filter((id) => !stored.has(id))).toEqual([]);
      // An author's 204 has no body, so it cannot name what it acknowledges.
      const isNamed = ({ id, trigger }: (typeof rows)[number]): boolean =>
        executions.has(String(id)) || (trigger === 'spoken' && answers.has('204'));
      expect(rows.filter((row) => !isNamed(row))).toEqual([]);
    },
    PROPERTY_TIMEOUT_MS,
  );
});

function executionIds({ status, body }: WireAnswer): readonly string[] {
  if (status >= 300 || !body.startsWith('{')) return [];
  return (JSON.parse(body) as { executionIds?: readonly string[] }).executionIds ?? [];
}
