import type { Expectations } from './expectations.js';
import type { LedgerView } from './ledger-view.js';

/** Every row that the application has committed fires once, and nothing that it has not. */
export function checkWritten(view: LedgerView, { ledgerLostAt }: Expectations): string[] {
  const fired = view.byItem('written');
  const entries = new Set(view.entries.map(({ id }) => `entry-${String(id)}`));
  const strangers = [...fired.keys()].filter((item) => !entries.has(String(item)));
  // What was fired before is gone with the ledger, and so are the keys of what was about to be deleted.
  if (ledgerLostAt !== null) return strangers.map(notCommitted);
  const doubles = [...fired].filter(([, firings]) => firings.length > 1);
  return [
    ...strangers.map(notCommitted),
    ...doubles.map(([item, firings]) => `${String(item)} has fired ${firings.length} times`),
    ...[...entries].filter((item) => !fired.has(item)).map((item) => `${item} was committed and has not fired`),
  ];
}

function notCommitted(item: unknown): string {
  return `${String(item)} has fired, but the application has not committed it`;
}
