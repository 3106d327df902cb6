import { claimsContract } from './contract/claims.contract.js';
import { controlsContract } from './contract/controls.contract.js';
import { faultsContract } from './contract/faults.contract.js';
import { finishesContract } from './contract/finishes.contract.js';
import { firingsContract } from './contract/firings.contract.js';
import { graphsContract } from './contract/graphs.contract.js';
import { groupsContract } from './contract/groups.contract.js';
import { keysContract } from './contract/keys.contract.js';
import { heldContract } from './contract/held.contract.js';
import type { Database } from './contract/kit.contract.js';
import { lettersContract } from './contract/letters.contract.js';
import { messagesContract } from './contract/messages.contract.js';
import { migrationsContract } from './contract/migrations.contract.js';
import { noticesContract } from './contract/notices.contract.js';
import { ownersContract } from './contract/owners.contract.js';
import { pollsContract } from './contract/polls.contract.js';
import { poolsContract } from './contract/pools.contract.js';
import { pruningContract } from './contract/pruning.contract.js';
import { putBacksContract } from './contract/put-backs.contract.js';
import { racesContract } from './contract/races.contract.js';
import { ratesContract } from './contract/rates.contract.js';
import { retriesContract } from './contract/retries.contract.js';
import { setBackContract } from './contract/set-back.contract.js';

/** Everything that the store promises, whatever the database. */
export function storeContract(database: Database): void {
  migrationsContract(database);
  groupsContract(database);
  faultsContract(database);
  firingsContract(database);
  ratesContract(database);
  lettersContract(database);
  heldContract(database);
  keysContract(database);
  racesContract(database);
  claimsContract(database);
  poolsContract(database);
  messagesContract(database);
  finishesContract(database);
  graphsContract(database);
  putBacksContract(database);
  setBackContract(database);
  controlsContract(database);
  retriesContract(database);
  noticesContract(database);
  pollsContract(database);
  ownersContract(database);
  pruningContract(database);
}
