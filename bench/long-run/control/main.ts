import { fsyncSync, openSync, writeSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/**
 * A process that has nothing to do but to flush a page twenty times a second, as a commit does. What makes it late is the
 * machine and what else runs on it: the application beside it cannot be blamed for that.
 */
const EVERY_MS = 50;
const PAGE = Buffer.alloc(4_096);
const RESOLUTION_MS = 5;
const NS_PER_MS = 1e6;

const file = openSync(process.argv[2]!, 'w');
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();
const timer = setInterval(() => {
  writeSync(file, PAGE, 0, PAGE.length, 0);
  fsyncSync(file);
}, EVERY_MS);

process.on('message', () => {
  process.send?.(delay.percentile(99) / NS_PER_MS);
  delay.reset();
});
process.on('disconnect', () => clearInterval(timer));
