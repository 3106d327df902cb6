import { alignedRows } from 'play';
import type { Row } from './account.js';
import type { Fate } from './story.js';

const HEAD = ['event', 'its sender was answered', 'firing', 'execution', 'attempts', 'went to', 'alerts'];

/** What became of each event, aligned. */
export function tableOf(rows: readonly Row[]): string[] {
  const cells = rows.map(({ story, fate }) => [
    story.what,
    fate.answered,
    fate.firing,
    fate.execution,
    attemptsOf(fate),
    fate.wentTo,
    fate.alerts === 0 ? '–' : String(fate.alerts),
  ]);
  return alignedRows([HEAD, ...cells]);
}

/** `–`, `2`, `1, rescued` */
function attemptsOf({ attempts, rescues }: Fate): string {
  if (attempts === 0) return '–';
  return rescues === 0 ? String(attempts) : `${attempts}, rescued`;
}
