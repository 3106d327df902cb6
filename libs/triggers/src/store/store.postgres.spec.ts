import { storeContract } from './store.contract.js';

describe('the store on Postgres', () => storeContract('postgres'));
