require('reflect-metadata');
const { TestEnvironment } = require('jest-environment-node');

/** Leaves out what needs Postgres, and everything after the first failure: one failed test is enough to kill a mutant. */
module.exports = class MutantEnvironment extends TestEnvironment {
  #failed = false;

  constructor(config, context) {
    super(config, context);
    this.global.loadPackage = (path) => require(path);
    // Decorators of packages and of our code write to one table.
    this.global.Reflect = Reflect;
  }

  handleTestEvent(event, state) {
    if (event.name === 'run_start') leaveOutPostgres(state.rootDescribeBlock);
    else if (event.name === 'test_done') this.#failed ||= event.test.errors.length > 0;
    else if (event.name === 'test_start' && this.#failed) event.test.mode = 'skip';
  }
};

/** Engines that are told by BullMQ stand on Postgres, too. */
const NEEDS_POSTGRES = /postgres|on bullmq$/i;

function leaveOutPostgres(block, within = false) {
  const out = within || NEEDS_POSTGRES.test(block.name);
  for (const child of block.children) {
    if (child.type === 'describeBlock') leaveOutPostgres(child, out);
    else if (out || NEEDS_POSTGRES.test(child.name)) child.mode = 'skip';
  }
}
