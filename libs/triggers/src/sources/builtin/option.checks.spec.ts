import { DataSource } from 'typeorm';
import type { Duration } from '../../model/duration.js';
import { makingOf } from '../poll/trigger-value.js';
import { directoryTrigger } from './directory/directory.trigger.js';
import { healthTrigger } from './health/health.trigger.js';
import { tableTrigger } from './table/table.trigger.js';

const dataSource = new DataSource({ type: 'better-sqlite3', database: ':memory:' });
const within = (timeout?: Duration): object => ({
  name: 'watched',
  workflow: 'anything',
  ...(timeout !== undefined && { timeout }),
});
const folder = (timeout?: Duration) => directoryTrigger({ path: '.', ...within(timeout) } as never);
const rows = (timeout?: Duration) =>
  tableTrigger({ dataSource, table: 'orders', column: 'id', key: 'id', ...within(timeout) } as never);
const health = (timeout?: Duration) =>
  healthTrigger({ check: () => true, checkTimeout: '7s', ...within(timeout) } as never);
const slow = healthTrigger({ check: () => true, checkTimeout: '30s', ...within() } as never);

it.each([
  ['a folder', folder('10s'), 'directoryTrigger("watched"), option "timeout" is "10s"; it takes more than 10s'],
  ['a table', rows('1s'), 'tableTrigger("watched"), option "timeout" is "1s"; it takes more than 10s'],
  ['a check', health('7s'), 'healthTrigger("watched"), option "timeout" is "7s"; it takes more than 7s'],
  ['a slow check', slow, 'healthTrigger("watched"), option "timeout" is "30s"; it takes more than 30s'],
])('refuses a timeout that would end the poll before %s is looked at', (_what, trigger, message) => {
  expect(makingOf(trigger)?.problem?.message).toContain(message);
});

it.each([folder(), folder('11s'), rows(), rows('11s'), health(), health('8s')])('takes a longer one', (trigger) => {
  expect(makingOf(trigger)?.problem).toBeNull();
});
