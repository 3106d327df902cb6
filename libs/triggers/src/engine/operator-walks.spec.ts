import fc from 'fast-check';
import { useStoreKit } from '../store/contract/kit.contract.js';
import { emptyLedger, watchEdges } from '../store/contract/racing.contract.js';
import { checkLedger } from '../testing/ledger-check.js';
import { PROPERTY_TIMEOUT_MS, runs } from '../testing/properties.contract.js';
import { DATABASES } from './engine.contract.js';
import { raceOf, walks } from './walk-wishes.contract.js';
import { Walk } from './walk.contract.js';

/** Later than every id that a test makes, so that pruning finds what has ended. */
const START = '2200-01-01T00:00:00Z';

describe.each(DATABASES)('operators on %s', (database) => {
  const kit = useStoreKit(database, START);

  it(
    'are answered as the model says on any walk, beside claims, ends, put backs and lost leases; then everything ends',
    async () => {
      const store = await kit().open();
      const stores = [store, await kit().open()];
      const edgesOutside = await watchEdges(store);
      await fc.assert(
        fc.asyncProperty(walks, async (given) => {
          await emptyLedger(store);
          const walk = await Walk.on(kit(), stores);
          for (const round of given) {
            await walk.pass(round.seconds, round.renews);
            await walk.race(raceOf(walk, round));
          }
          const problems = await checkLedger(store);
          // A walk may end before anybody has rescued these.
          expect(problems.filter((problem) => !problem.includes('which is dead'))).toEqual([]);
          await walk.end();
          expect(await checkLedger(store)).toEqual([]);
        }),
        runs(database === 'postgres' ? 6 : 15),
      );
      expect(await edgesOutside()).toEqual([]);
      await emptyLedger(store);
    },
    PROPERTY_TIMEOUT_MS,
  );
});
