import type { ChaosOptions } from './options.js';
import type { RoundResult } from './round.js';

/** One scenario in the table. */
interface Line {
  readonly scenario: string;
  readonly rounds: number;
  readonly failures: number;
  readonly medianMs: number;
}

/** Tells the rounds as they end, and sums them up. */
export class Report {
  readonly #results: RoundResult[] = [];

  constructor(private readonly options: ChaosOptions) {
    if (!options.json) print(`chaos on ${options.store}: ${options.rounds} rounds, seed ${options.seed}`);
  }

  get failures(): number {
    return this.#results.filter(({ problems }) => problems.length > 0).length;
  }

  add(result: RoundResult): void {
    this.#results.push(result);
    if (this.options.json) return;
    const { scenario, seed, ms, notes, problems } = result;
    const number = String(this.#results.length).padStart(String(this.options.rounds).length);
    const verdict = problems.length === 0 ? 'ok  ' : 'FAIL';
    print(
      `${number}  ${verdict}  ${scenario.padEnd(13)} ${(ms / 1000).toFixed(1).padStart(5)} s  seed ${seed}  ${notes.join(', ')}`,
    );
    if (problems.length > 0) this.#explain(result);
  }

  /** The table for people, or one JSON object. */
  end(): void {
    const table = summary(this.#results);
    const { store, seed } = this.options;
    if (this.options.json) {
      const failed = this.#results.filter(({ problems }) => problems.length > 0);
      print(
        JSON.stringify({
          store,
          seed,
          rounds: this.#results.length,
          failures: this.failures,
          scenarios: table,
          failed,
        }),
      );
      return;
    }
    print(`\n${'scenario'.padEnd(14)} rounds  failures  median`);
    for (const { scenario, rounds, failures, medianMs } of table)
      print(
        `${scenario.padEnd(14)} ${String(rounds).padStart(6)}  ${String(failures).padStart(8)}  ${(medianMs / 1000).toFixed(1).padStart(5)} s`,
      );
    print(
      `${this.failures === 0 ? 'every promise held' : `${this.failures} rounds FAILED`} in ${this.#results.length} rounds on ${store}`,
    );
  }

  #explain({ scenario, seed, problems, kept, repeat }: RoundResult): void {
    for (const problem of problems) print(`      ${problem}`);
    print(`      kept: ${kept}`);
    print(
      `      repeat: npm run chaos -- --store ${this.options.store} --rounds 1 --scenario ${scenario} --seed ${seed}${repeat}`,
    );
  }
}

function summary(results: readonly RoundResult[]): Line[] {
  return [...new Set(results.map(({ scenario }) => scenario))].map((scenario) => {
    const own = results.filter((result) => result.scenario === scenario);
    const times = own.map(({ ms }) => ms).sort((a, b) => a - b);
    return {
      scenario,
      rounds: own.length,
      failures: own.filter(({ problems }) => problems.length > 0).length,
      medianMs: Math.round(times[Math.floor(times.length / 2)] ?? 0),
    };
  });
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
