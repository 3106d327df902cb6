import { storeContract } from './store.contract.js';

describe('the store on a SQLite file', () => storeContract('sqlite'));
describe('the store on SQLite in memory', () => storeContract(':memory:'));
