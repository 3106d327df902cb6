import type { ChaosOptions } from './options.js';
import type { RoundResult } from './round.js';

/** One scenario in the table. */
interface Line {
  readonly scenario: string;
  readonly rounds: number;
  readonly failures: number;
  readonly medianMs: number;
  /** From a firing to the first body of its execution; of several nodes alone. */
  readonly startMs: { readonly p50: number; readonly p99: number; readonly most: number } | null;
}

const HEADER = `\n${'scenario'.padEnd(15)} rounds  failures  median`;
const START_HEADER = '   start p50      p99      most';

/** Tells the rounds as they end, and sums them up. */
export class Report {
  readonly #results: RoundResult[] = [];

  constructor(private readonly options: ChaosOptions) {
    if (!options.json) print(`chaos on ${this.#where}: ${options.rounds} rounds, seed ${options.seed}`);
  }

  get failures(): number {
    return this.#results.filter(({ problems }) => problems.length > 0).length;
  }

  get #where(): string {
    const { store, nodes, transport } = this.options;
    const told = transport === 'store' ? '' : `, told by ${transport}`;
    return nodes === 1 ? store : `${nodes} nodes on ${store}${told}`;
  }

  add(result: RoundResult): void {
    this.#results.push(result);
    if (this.options.json) return;
    const { scenario, seed, ms, notes, problems } = result;
    const number = String(this.#results.length).padStart(String(this.options.rounds).length);
    const verdict = problems.length === 0 ? 'ok  ' : 'FAIL';
    print(`${number}  ${verdict}  ${scenario.padEnd(15)} ${seconds(ms)}  seed ${seed}  ${notes.join(', ')}`);
    if (problems.length > 0) this.#explain(result);
  }

  /** The table for people, or one JSON object. */
  end(): void {
    const table = summary(this.#results);
    const { store, nodes, transport, seed, json } = this.options;
    if (json) {
      const failed = this.#results.filter(({ problems }) => problems.length > 0).map(withoutWaits);
      const rounds = this.#results.length;
      print(
        JSON.stringify({ store, nodes, transport, seed, rounds, failures: this.failures, scenarios: table, failed }),
      );
      return;
    }
    print(HEADER + (nodes === 1 ? '' : START_HEADER));
    for (const line of table) print(row(line));
    print(
      `${this.failures === 0 ? 'every promise held' : `${this.failures} rounds FAILED`} in ${this.#results.length} rounds on ${this.#where}`,
    );
  }

  #explain({ scenario, seed, problems, kept, repeat }: RoundResult): void {
    const { store, nodes, transport } = this.options;
    const several = nodes === 1 ? '' : ` --nodes ${nodes} --transport ${transport}`;
    for (const problem of problems) print(`      ${problem}`);
    print(`      kept: ${kept}`);
    print(
      `      repeat: npm run chaos -- --store ${store}${several} --rounds 1 --scenario ${scenario} --seed ${seed}${repeat}`,
    );
  }
}

function summary(results: readonly RoundResult[]): Line[] {
  return [...new Set(results.map(({ scenario }) => scenario))].map((scenario) => {
    const own = results.filter((result) => result.scenario === scenario);
    const waits = own.flatMap(({ startWaitsMs }) => startWaitsMs);
    return {
      scenario,
      rounds: own.length,
      failures: own.filter(({ problems }) => problems.length > 0).length,
      medianMs: quantile(
        own.map(({ ms }) => ms),
        0.5,
      ),
      startMs:
        waits.length === 0 ? null : { p50: quantile(waits, 0.5), p99: quantile(waits, 0.99), most: quantile(waits, 1) },
    };
  });
}

function row({ scenario, rounds, failures, medianMs, startMs }: Line): string {
  const columns = [scenario.padEnd(15), String(rounds).padStart(6), String(failures).padStart(9), seconds(medianMs)];
  if (startMs !== null)
    columns.push('   ', ...[startMs.p50, startMs.p99, startMs.most].map((ms) => `${String(ms).padStart(5)} ms`));
  return columns.join(' ');
}

function quantile(values: readonly number[], share: number): number {
  const ordered = [...values].sort((a, b) => a - b);
  return Math.round(ordered[Math.min(Math.floor(ordered.length * share), ordered.length - 1)] ?? 0);
}

function withoutWaits({ startWaitsMs: _, ...told }: RoundResult): Omit<RoundResult, 'startWaitsMs'> {
  return told;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1).padStart(5)} s`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
