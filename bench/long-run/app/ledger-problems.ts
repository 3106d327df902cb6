import type { INestApplication } from '@nestjs/common';

type Checker = typeof import('../../../libs/triggers/src/testing/ledger-check.js');
type Stores = typeof import('../../../libs/triggers/src/store/store.service.js');

/** Asks the checker of the library's own tests. It is not exported: it needs the store, which no user sees. */
export async function ledgerProblems(app: INestApplication): Promise<readonly string[]> {
  const library = import.meta.resolve('nestjs-triggers');
  const { checkLedger } = (await import(new URL('testing/ledger-check.js', library).href)) as Checker;
  const { Store } = (await import(new URL('store/store.service.js', library).href)) as Stores;
  return checkLedger(app.get(Store, { strict: false }));
}
