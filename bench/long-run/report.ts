import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LongRunOptions } from './options.js';
import { drawPicture } from './picture/picture.js';
import { retentionFor } from './retention.js';
import { printVerdicts } from './verdict/print.js';
import { judge } from './verdict/judge.js';
import type { LongRunSample } from './watch/sampler.js';

/** What is known of a run when it is over. */
interface Ending {
  readonly options: LongRunOptions;
  readonly began: string;
  /** What was done, and how often. */
  readonly done: Readonly<Record<string, number>>;
  /** What was wrong. */
  readonly faults: readonly string[];
}

const FILES = { samples: 'samples.jsonl', csv: 'samples.csv', ending: 'run.json', picture: 'long-run.svg' } as const;

/** Keeps what was seen, a line a sample, so that nothing is lost when the run is cut short. */
export class Report {
  readonly #began = new Date().toISOString();

  constructor(
    private readonly folder: string,
    private readonly options: LongRunOptions,
  ) {}

  add(sample: LongRunSample): void {
    appendFileSync(join(this.folder, FILES.samples), `${JSON.stringify(sample)}\n`);
  }

  /** Judges, prints and draws. @returns whether all is well */
  finish(faults: readonly string[], done: ReadonlyMap<string, number>): boolean {
    const ending: Ending = { options: this.options, began: this.#began, done: Object.fromEntries(done), faults };
    writeFileSync(join(this.folder, FILES.ending), JSON.stringify(ending, null, 2));
    return tell(this.folder, this.options.picture);
  }
}

/** Reads what a run left in its folder, judges, prints and draws. @returns whether all is well */
export function tell(folder: string, picture: string | null): boolean {
  const samples = readSamples(folder);
  const { options, began, done, faults } = JSON.parse(readFileSync(join(folder, FILES.ending), 'utf8')) as Ending;
  const verdicts = judge(samples);
  printVerdicts(verdicts);
  console.log(
    `\ndone: ${Object.entries(done)
      .map(([what, times]) => `${what} ${times}`)
      .join(' · ')}`,
  );
  for (const fault of faults) console.log(`FAULT ${fault}`);
  writeFileSync(join(folder, FILES.csv), toCsv(samples));
  const drawn = picture ?? join(folder, FILES.picture);
  writeFileSync(drawn, drawPicture(samples, caption(options, began, samples)));
  const sound = faults.length === 0 && verdicts.every(({ flat }) => flat !== false);
  console.log(
    `\n${sound ? 'All is flat, and nothing was wrong.' : 'NOT SOUND.'} Samples: ${folder}, picture: ${drawn}`,
  );
  return sound;
}

function caption({ store, minutes, rate }: LongRunOptions, began: string, samples: readonly LongRunSample[]) {
  const kept = String(retentionFor(minutes).completed);
  const seconds = samples.map((sample, index) => (sample['minutes']! - (samples[index - 1]?.['minutes'] ?? 0)) * 60);
  const completed = samples.reduce((sum, sample, index) => sum + (sample['completed'] ?? 0) * seconds[index]!, 0);
  return {
    title: `The demo under mixed load for ${minutes} minutes, on ${store === 'sqlite' ? 'SQLite' : 'Postgres'}`,
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
