/** Ends a run with one line that people and machines can read: `120 passed, 0 failed, 2 skipped`. */
module.exports = class SummaryReporter {
  onRunComplete(_contexts, results) {
    const skipped = results.numPendingTests + results.numTodoTests;
    // A suite that does not even load has no failed test; it is a failure all the same.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const line = `${results.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
    // At exit, because Jest's own reporters are told after this one.
    process.once('exit', () => process.stdout.write(`\n${line}\n`));
  }
};
