import { SERIES } from '../verdict/series.js';
import type { LongRunSample } from '../watch/sampler.js';
import { buckets } from './buckets.js';
import type { Bucket } from './buckets.js';
import { linear, logarithmic } from './scale.js';
import type { Scale } from './scale.js';
import { escapeText } from './text.js';

/** One small picture: some curves of the same unit. */
export interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly keys: readonly string[];
  readonly logarithmic?: boolean;
}

export const PANEL = { width: 560, height: 250 } as const;
const PLOT = { left: 58, top: 56, right: 12, bottom: 34 } as const;
const WIDTH = PANEL.width - PLOT.left - PLOT.right;
const HEIGHT = PANEL.height - PLOT.top - PLOT.bottom;
const LEGEND_GAP = 26;
const LETTER = 6.5;

/** Draws it at the origin. */
export function drawPanel(panel: Panel, samples: readonly LongRunSample[], length: number): string {
  const curves = panel.keys
    .map((key) => ({ key, points: buckets(samples, key, length) }))
    .filter(({ points }) => points.length > 0);
  const values = curves.flatMap(({ points }) => points);
  const max = Math.max(0, ...values.map(({ high }) => high));
  const y = panel.logarithmic ? logarithmic(Math.min(...values.map(({ low }) => low)), max) : linear(max);
  const x = linear(length);
  const along = (minutes: number): number => round(PLOT.left + (minutes / length) * WIDTH);
  const up = (value: number): number => round(PLOT.top + (1 - y.place(value)) * HEIGHT);
  return [
    `<text class="title" x="${PLOT.left}" y="18">${escapeText(panel.title)} <tspan class="unit">${escapeText(panel.unit)}</tspan></text>`,
    legend(curves.map(({ key }) => key)),
    `<rect class="judged" x="${along(length / 2)}" y="${PLOT.top}" width="${round(WIDTH / 2)}" height="${HEIGHT}"/>`,
    ...y.ticks.map((tick) => gridLine(tick, up(tick))),
    ...minuteTicks(x, length).map((tick) => minuteMark(tick, along(tick))),
    ...curves.map(({ points }, index) => drawCurve(points, index, along, up)),
  ].join('\n');
}

function drawCurve(
  points: readonly Bucket[],
  index: number,
  along: (minutes: number) => number,
  up: (value: number) => number,
): string {
  const line = (of: (bucket: Bucket) => number, part: readonly Bucket[]): string =>
    part.map((bucket) => `${along(bucket.minutes)},${up(of(bucket))}`).join(' ');
  const band = `${line(({ high }) => high, points)} ${line(({ low }) => low, [...points].reverse())}`;
  const middle = line((bucket) => bucket.middle, points);
  return `<polygon class="band c${index}" points="${band}"/><polyline class="curve c${index}" points="${middle}"/>`;
}

function legend(keys: readonly string[]): string {
  let x: number = PLOT.left;
  return keys
    .map((key, index) => {
      const name = SERIES.find((series) => series.key === key)?.name ?? key;
      const at = x;
      x += LEGEND_GAP + name.length * LETTER + 12;
      const mark = `<line class="curve c${index}" x1="${round(at)}" y1="36" x2="${round(at + 18)}" y2="36"/>`;
      return `${mark}<text class="name" x="${round(at + 23)}" y="40">${escapeText(name)}</text>`;
    })
    .join('');
}

function gridLine(value: number, y: number): string {
  const label = value >= 10_000 ? `${value / 1_000}k` : String(Number(value.toPrecision(6)));
  return (
    `<line class="grid" x1="${PLOT.left}" y1="${y}" x2="${PANEL.width - PLOT.right}" y2="${y}"/>` +
    `<text class="tick" text-anchor="end" x="${PLOT.left - 7}" y="${y + 4}">${label}</text>`
  );
}

function minuteTicks({ ticks }: Scale, length: number): number[] {
  return ticks.filter((tick) => tick <= length + 1e-6);
}

function minuteMark(minutes: number, x: number): string {
  const y = PLOT.top + HEIGHT;
  const label = minutes === 0 ? '0 min' : String(Number(minutes.toPrecision(4)));
  return (
    `<line class="axis" x1="${x}" y1="${y}" x2="${x}" y2="${y + 4}"/>` +
    `<text class="tick" text-anchor="middle" x="${x}" y="${y + 18}">${label}</text>`
  );
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
