import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const MAIN = join(__dirname, '../dist/main.js');

/** The expected output of the tutorial; only the time in the file's name is free. */
const EXPECTED = `\
Event Triggers and Task Callbacks Demo
==================================================

Manual execution with callbacks:
----------------------------------------
  Validating file: report_2024.csv
  [SUCCESS] Task 'validate_file' completed
  Processing file: report_2024.csv
  [SUCCESS] Task 'process_file' completed
----------------------------------------
Workflow status: Completed

Simulating trigger polls:
----------------------------------------
  Poll 1: SKIP - waiting...
  Poll 2: SKIP - waiting...
  Poll 3: SKIP - waiting...
  Poll 4: SKIP - waiting...
  [TRIGGER] Found new file: data_143052.csv
  Poll 5: FIRE - workflow will execute
  Poll 6: SKIP - waiting...
  Poll 7: SKIP - waiting...

Demo complete!
`;

describe('the event-triggers example', () => {
  it('prints what the tutorial promises, nothing else, and ends by itself', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN], { encoding: 'utf8', timeout: 15_000 });

    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/data_\d{6}\.csv/);
    expect(stdout.replace(/data_\d{6}\.csv/, 'data_143052.csv')).toBe(EXPECTED);
  });
});
