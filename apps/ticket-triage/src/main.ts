import { dayUsage, perform, readDayOptions } from 'play';
import { Day } from './day/day.js';

await perform({
  name: 'ticket-triage',
  usage: dayUsage('ticket-triage', 'a SQLite file'),
  readOptions: readDayOptions,
  play: (options, stage) => new Day(options, stage),
});
