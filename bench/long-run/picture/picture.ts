import type { LongRunSample } from '../watch/sampler.js';
import { PANEL, drawPanel } from './panel.js';
import type { Panel } from './panel.js';
import { escapeText } from './text.js';

const COLUMNS = 2;
const MARGIN = 24;
const HEADER = 84;
const GAP = 20;

const PANELS: readonly Panel[] = [
  { title: 'Memory', unit: 'MB', keys: ['rss', 'heapUsed', 'heapLive', 'external'] },
  { title: 'Database', unit: 'MB', keys: ['database', 'pruned', 'kept', 'log'] },
  {
    title: 'History, which is pruned',
    unit: 'rows',
    keys: ['rows_firing', 'rows_execution', 'rows_task', 'rows_tick'],
  },
  { title: 'Keys and audit, which are kept', unit: 'rows', keys: ['rows_dedup', 'rows_audit'] },
  { title: 'Lateness', unit: 'ms, logarithmic', keys: ['lateP99', 'loopDelayP99', 'controlP99'], logarithmic: true },
  { title: 'Length of an execution', unit: 'ms, logarithmic', keys: ['latencyP50', 'latencyP99'], logarithmic: true },
  { title: 'What the process holds', unit: 'number', keys: ['handles', 'timers', 'files', 'open'] },
  { title: 'Work', unit: 'executions a second', keys: ['completed'] },
];

/** Colours that are told apart by people who see few of them, on white and on black. */
const STYLE = `
  svg { --paper: #fff; --ink: #1f2328; --soft: #59636e; --line: #d8dee4; --judged: #f3f5f7;
        --c0: #0969da; --c1: #d1570a; --c2: #1a7f37; --c3: #8250df; }
  @media (prefers-color-scheme: dark) {
    svg { --paper: #0d1117; --ink: #e6edf3; --soft: #9198a1; --line: #2f3742; --judged: #151b23;
          --c0: #58a6ff; --c1: #f0883e; --c2: #56d364; --c3: #d2a8ff; } }
  text { font: 12px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: var(--ink); }
  .paper { fill: var(--paper); } .judged { fill: var(--judged); }
  .head { font-size: 20px; font-weight: 600; } .title { font-size: 14px; font-weight: 600; }
  .unit { font-weight: 400; } .unit, .tick, .name, .note { fill: var(--soft); } .tick { font-size: 11px; }
  .grid, .axis { stroke: var(--line); stroke-width: 1; }
  .curve { fill: none; stroke-width: 1.8; stroke-linejoin: round; } .band { opacity: 0.18; }
  ${[0, 1, 2, 3].map((c) => `.curve.c${c} { stroke: var(--c${c}); } .band.c${c} { fill: var(--c${c}); }`).join('\n  ')}
`;

/** What stands above the curves. */
export interface Caption {
  readonly title: string;
  readonly note: string;
}

/** Draws all curves of a run into one SVG, which follows the reader's choice of light or dark. */
export function drawPicture(samples: readonly LongRunSample[], { title, note }: Caption): string {
  const length = samples.at(-1)?.['minutes'] ?? 1;
  const width = 2 * MARGIN + COLUMNS * PANEL.width + (COLUMNS - 1) * GAP;
  const rows = Math.ceil(PANELS.length / COLUMNS);
  const height = HEADER + rows * (PANEL.height + GAP) + MARGIN / 2;
  const panels = PANELS.map((panel, index) => {
    const x = MARGIN + (index % COLUMNS) * (PANEL.width + GAP);
    const y = HEADER + Math.floor(index / COLUMNS) * (PANEL.height + GAP);
    return `<g transform="translate(${x} ${y})">\n${drawPanel(panel, samples, length)}\n</g>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" role="img">`,
    `<title>${escapeText(title)}</title><style>${STYLE}</style>`,
    `<rect class="paper" width="${width}" height="${height}"/>`,
    `<text class="head" x="${MARGIN}" y="36">${escapeText(title)}</text>`,
    `<text class="note" x="${MARGIN}" y="58">${escapeText(note)}</text>`,
    ...panels,
    '</svg>\n',
  ].join('\n');
}
