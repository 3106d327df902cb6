import Database from 'better-sqlite3';
import { TriggersService } from '../admin/triggers.service.js';
import { Task } from '../workflows/task.decorator.js';
import { Workflow } from '../workflows/workflow.decorator.js';
import { useEngineKit } from './engine.contract.js';

/** Tables that grow with history, and what statements call them; `g` are given rows, `n` is a node. */
const HISTORY = '(?:triggers_(?:firing|execution|task|tick|dedup|audit)|[a-fh-mo-z])';
/** A walk through the whole of one of them; a partial index has only what is alive. */
const FULL_WALK = new RegExp(
  `^SCAN ${HISTORY}(?! USING INDEX triggers_(?:task|execution)_(?:ready|alone|running|telling|open))\\b`,
);

@Workflow({ name: 'greeting' })
class Greeting {
  @Task()
  async hello(): Promise<void> {}

  @Task({ dependencies: ['hello'] })
  async goodbye(): Promise<void> {}
}

describe('history costs nothing', () => {
  let prepare: jest.SpyInstance<unknown, [text: string]>;
  beforeEach(() => void (prepare = jest.spyOn(Database.prototype, 'prepare')));
  afterEach(() => prepare.mockRestore());
  const kit = useEngineKit('sqlite');

  it('no statement that runs by itself, or with a task, walks a table of history', async () => {
    const node = await kit().boot([Greeting]);
    await node.execute(Greeting, {}, 0);
    await kit().clock.advance(70_000);
    await node.get(TriggersService).nodes();
    const texts = new Set(prepare.mock.calls.map(([text]) => text).filter((text) => /\btriggers_/.test(text)));
    const db = new Database((kit().db.options as { path: string }).path, { readonly: true });
    const walks = [...texts].filter(isOurs).flatMap((text) =>
      planOf(db, text)
        .filter((step) => FULL_WALK.test(step))
        .map((step) => `${step}: ${text}`),
    );
    db.close();
    expect(texts.size).toBeGreaterThan(20);
    expect(walks).toEqual([]);
  });

  it('a claim finds the ready tasks of its pool side by side, in the order in which they are claimed', async () => {
    const node = await kit().boot([Greeting]);
    await kit().clock.advance(2_000);
    const text = prepare.mock.calls.map(([prepared]) => prepared).find((sql) => sql.includes('chosen AS MATERIALIZED'));
    expect(text).toBeDefined();
    const db = new Database((kit().db.options as { path: string }).path, { readonly: true });
    const steps = planOf(db, text as string);
    db.close();
    expect(steps).toContain('SEARCH triggers_task USING INDEX triggers_task_ready (pool=?)');
    expect(steps.filter((step) => step.includes('ORDER BY'))).toEqual([]);
    expect(node.told('task')).toEqual([]);
  });
});

/** Not of the schema and its migrations. */
function isOurs(text: string): boolean {
  return !/CREATE |sqlite_master|triggers_migrations|PRAGMA/.test(text);
}

function planOf(db: Database.Database, text: string): string[] {
  const places = Array<null>(text.match(/\?/g)?.length ?? 0).fill(null);
  const parameters = [
    ...(places.length > 0 ? [places] : []),
    ...(text.includes('@now') ? [{ now: '', nowMs: 0 }] : []),
  ];
  const rows = db.prepare(`EXPLAIN QUERY PLAN ${text}`).all(...parameters) as { detail: string }[];
  return rows.map(({ detail }) => detail);
}
