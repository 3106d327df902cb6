import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LongRunOptions } from './options.js';
import { drawPicture } from './picture/picture.js';
import { retentionFor } from './retention.js';
import { printVerdicts } from './verdict/print.js';
import { judge } from './verdict/judge.js';
import type { LongRunSample } from './watch/sampler.js';

/** What is known of a run besides its samples. */
interface Run {
  readonly options: LongRunOptions;
  readonly began: string;
  /** `null` while it runs. */
  readonly ending: {
    /** What was done, and how often. */
    readonly done: Readonly<Record<string, number>>;
    /** What was wrong. */
    readonly faults: readonly string[];
  } | null;
}

const FILES = { samples: 'samples.jsonl', csv: 'samples.csv', run: 'run.json', picture: 'long-run.svg' } as const;

/** Keeps what was seen, a line a sample, so that nothing is lost when the run is cut short. */
export class Report {
  readonly #began = new Date().toISOString();

  constructor(
    private readonly folder: string,
    private readonly options: LongRunOptions,
  ) {
    this.#write(null);
  }

  add(sample: LongRunSample): void {
    appendFileSync(join(this.folder, FILES.samples), `${JSON.stringify(sample)}\n`);
  }

  /** Judges, prints and draws. @returns whether all is well */
  finish(faults: readonly string[], done: ReadonlyMap<string, number>): boolean {
    this.#write({ done: Object.fromEntries(done), faults });
    return tell(this.folder, this.options.picture);
  }

  #write(ending: Run['ending']): void {
    const run: Run = { options: this.options, began: this.#began, ending };
    writeFileSync(join(this.folder, FILES.run), JSON.stringify(run, null, 2));
  }
}

/** Reads what a run left in its folder, judges, prints and draws. @returns whether all is well */
export function tell(folder: string, picture: string | null): boolean {
  const samples = readSamples(folder);
  const run = JSON.parse(readFileSync(join(folder, FILES.run), 'utf8')) as Run;
  const verdicts = judge(samples);
  printVerdicts(verdicts);
  printEnding(run);
  writeFileSync(join(folder, FILES.csv), toCsv(samples));
  const drawn = picture ?? join(folder, FILES.picture);
  writeFileSync(drawn, drawPicture(samples, caption(run, samples)));
  console.log(`Samples: ${folder}, picture: ${drawn}`);
  const sound = run.ending?.faults.length === 0 && verdicts.every(({ flat }) => flat !== false);
  console.log(sound ? 'All is flat, and nothing was wrong.' : 'NOT SOUND.');
  return sound;
}

function printEnding({ ending }: Run): void {
  if (ending === null) return console.log('\nIt has not come to its end.');
  const done = Object.entries(ending.done).map(([what, times]) => `${what} ${times}`);
  console.log(`\ndone: ${done.join(' · ')}`);
  for (const fault of ending.faults) console.log(`FAULT ${fault}`);
}

function caption({ options: { store, minutes, rate }, began }: Run, samples: readonly LongRunSample[]) {
  const kept = String(retentionFor(minutes).completed);
  const seconds = samples.map((sample, index) => (sample['minutes']! - (samples[index - 1]?.['minutes'] ?? 0)) * 60);
  const completed = samples.reduce((sum, sample, index) => sum + (sample['completed'] ?? 0) * seconds[index]!, 0);
  const length = Math.round(samples.at(-1)?.['minutes'] ?? 0);
  return {
    title: `The demo under mixed load for ${length} minutes, on ${store === 'sqlite' ? 'SQLite' : 'Postgres'}`,
    note:
      `${Math.round(completed).toLocaleString('en')} executions completed, ${rate} asked for a second, history kept ${kept}, ` +
      `${began.slice(0, 10)}. Lines: medians, bands: extremes. Grey: the half that is judged.`,
  };
}

function readSamples(folder: string): LongRunSample[] {
  const lines = readFileSync(join(folder, FILES.samples), 'utf8').trim().split('\n');
  // What was not measured is NaN, which JSON writes as null.
  return lines.map((line) => JSON.parse(line, (_key, value: unknown) => value ?? NaN) as LongRunSample);
}

function toCsv(samples: readonly LongRunSample[]): string {
  const keys = [...new Set(samples.flatMap((sample) => Object.keys(sample)))];
  const cell = (value = NaN): string => (Number.isFinite(value) ? String(Number(value.toFixed(3))) : '');
  return [keys.join(','), ...samples.map((sample) => keys.map((key) => cell(sample[key])).join(',')), ''].join('\n');
}
