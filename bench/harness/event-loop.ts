import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Sample } from './rounds.js';

const RESOLUTION_MS = 1;
const NS_PER_MS = 1e6;

/**
 * Times a piece of work, and how late the event loop was meanwhile (the interval of the measuring timer, 1 ms, is part
 * of that figure).
 */
export async function timed(count: number, work: () => Promise<void>): Promise<Sample> {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  const started = performance.now();
  await work();
  const seconds = (performance.now() - started) / 1_000;
  delay.disable();
  return { perSecond: count / seconds, delayP99: delay.percentile(99) / NS_PER_MS };
}
