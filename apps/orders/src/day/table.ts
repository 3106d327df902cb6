import { alignedRows } from 'play';
import type { Row } from './account.js';

const HEAD = ['write', 'by', 'answered', 'firing', 'execution', 'mail'];

/** What became of each write, aligned. */
export function tableOf(rows: readonly Row[]): string[] {
  const cells = rows.map(({ story: { what, by }, fate: { answered, firing, execution, mail } }) => {
    return [what, by, answered, firing, execution, mail];
  });
  return alignedRows([HEAD, ...cells]);
}
