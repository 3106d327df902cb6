import Database from 'better-sqlite3';

type Method = 'run' | 'get' | 'all';
/** A statement of the driver; its own type tells parameters apart that nobody knows here. */
interface Statement {
  run(...parameters: unknown[]): unknown;
  get(...parameters: unknown[]): unknown;
  all(...parameters: unknown[]): unknown;
}
type Call = readonly [text: string, method: Method | 'exec', parameters: unknown[]];

/** How the driver is used for transactions and checkpoints stands here as it does in the library. */
const PRAGMAS = ['journal_mode = WAL', 'synchronous = FULL', 'wal_autocheckpoint = 10000'];

/** Everything that writing connections of better-sqlite3 are asked to run, written down from outside, to be run again. */
export class RecordedStatements {
  readonly #calls: Call[] = [];
  readonly #prepare = Database.prototype.prepare;
  readonly #exec = Database.prototype.exec;
  #isOn = false;

  /** Watches every connection that prepares statements from now on, until {@link release}. */
  watch(): void {
    const record = (call: Call): void => void (this.#isOn && this.#calls.push(call));
    const [prepare, exec] = [this.#prepare, this.#exec];
    Database.prototype.prepare = function (this: Database.Database, text: string) {
      const statement = prepare.call(this, text);
      if (!this.readonly) watchStatement(statement, (method, given) => record([text, method, given]));
      return statement;
    } as typeof prepare;
    Database.prototype.exec = function (this: Database.Database, text: string) {
      record([text, 'exec', []]);
      return exec.call(this, text);
    };
  }

  release(): void {
    Database.prototype.prepare = this.#prepare;
    Database.prototype.exec = this.#exec;
  }

  /** Writes down what is run meanwhile. */
  async during(work: () => Promise<unknown>): Promise<void> {
    this.#isOn = true;
    await work();
    this.#isOn = false;
  }

  /** Runs all of it on this database, which is as it was when the recording began; tells the ms. */
  replay(path: string): number {
    const db = new Database(path);
    for (const pragma of PRAGMAS) db.pragma(pragma);
    const prepared = new Map<string, Statement>();
    const started = performance.now();
    for (const [text, method, parameters] of this.#calls) {
      if (method === 'exec') db.exec(text);
      else {
        const statement = prepared.get(text) ?? db.prepare(text);
        prepared.set(text, statement);
        statement[method](...parameters);
      }
    }
    const ms = performance.now() - started;
    db.close();
    return ms;
  }
}

function watchStatement(statement: Database.Statement, record: (method: Method, parameters: unknown[]) => void): void {
  for (const method of ['run', 'get', 'all'] as const) {
    const original = statement[method].bind(statement) as (...given: unknown[]) => never;
    statement[method] = (...given: unknown[]) => {
      record(method, given.map(copyOf));
      return original(...given);
    };
  }
}

/** Parameters are in arrays and records that are used again. */
function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return [...(value as unknown[])];
  return typeof value === 'object' && value !== null && !Buffer.isBuffer(value) ? { ...value } : value;
}
