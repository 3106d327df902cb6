import { checkDatabase } from 'nestjs-triggers/testing';
import type { Ledger } from '../stores/ledger.js';
import { unfinished } from './calm.js';
import { checkCallbacks } from './callbacks.check.js';
import { readEffects } from './effects.js';
import type { Expectations } from './expectations.js';
import { checkFirings } from './firings.check.js';
import { checkFollowed } from './followed.check.js';
import { LedgerView } from './ledger-view.js';
import { checkResults } from './results.check.js';
import { checkSpread } from './spread.check.js';
import { checkTicks } from './ticks.check.js';
import { checkTriggers } from './triggers.check.js';
import { checkWritten } from './written.check.js';

/** Reads the ledger of a round, with no process running, and tells every promise that it breaks. */
export async function checkPromises(ledger: Ledger, folder: string, expected: Expectations): Promise<string[]> {
  const rows = await ledger.read();
  if (rows === null) return ['the ledger cannot be read'];
  const view = new LedgerView(rows);
  const effects = readEffects(folder);
  return [
    ...(await checkDatabase(ledger.options)),
    ...unfinished(view, expected),
    ...checkFirings(view, expected),
    ...checkTriggers(view, expected),
    ...checkTicks(view, expected),
    ...checkFollowed(view, expected),
    ...checkWritten(view, expected),
    ...checkResults(view, effects, expected),
    ...checkCallbacks(view, effects, expected),
    ...(expected.several ? checkSpread(effects) : []),
  ];
}
