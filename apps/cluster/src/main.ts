import { perform } from 'play';
import { USAGE, readOptions } from './show/options.js';
import { Screen } from './show/screen.js';
import { Show } from './show/show.js';

await perform({
  name: 'cluster',
  usage: USAGE,
  readOptions,
  play: (options, stage) => new Show(options, stage, new Screen(process.stdout)),
});
