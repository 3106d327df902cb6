import { dayUsage, perform, readDayOptions } from 'play';
import { Day } from './day/day.js';

await perform({
  name: 'orders',
  usage: dayUsage('orders', 'two SQLite files'),
  readOptions: readDayOptions,
  play: (options, stage) => new Day(options, stage),
});
