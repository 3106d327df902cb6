import { readdirSync } from 'node:fs';
import { PerformanceObserver, constants, monitorEventLoopDelay } from 'node:perf_hooks';
import type { IntervalHistogram } from 'node:perf_hooks';
import type { IdlePolls } from '../../polls/idle-polls.js';
import type { InsideSample } from './messages.js';

const MB = 2 ** 20;
const NS_PER_MS = 1e6;
const US_PER_MS = 1_000;
const RESOLUTION_MS = 5;
/** Work that is over in a moment; everything else stays until somebody closes it. */
const MOMENTARY = /^(FSReq|Immediate|GetAddrInfo|Write|Shutdown|Timeout|TickObject)/;

/** An entry of the observer; its type leaves `detail` out. */
interface Collection {
  readonly detail: { readonly kind: number };
}

/** Looks at the process that it runs in. */
export class Inside {
  readonly #delay: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #live = NaN;
  #cpu = process.cpuUsage();
  #since = performance.now();

  constructor(private readonly metronome: IdlePolls) {
    this.#delay.enable();
    new PerformanceObserver((list) => {
      const kinds = (list.getEntries() as unknown as Collection[]).map(({ detail }) => detail.kind);
      if (kinds.includes(constants.NODE_PERFORMANCE_GC_MAJOR)) this.#live = process.memoryUsage().heapUsed;
    }).observe({ entryTypes: ['gc'] });
  }

  /** What was seen since the call before. */
  sample(): InsideSample {
    const { rss, heapUsed, external } = process.memoryUsage();
    const resources = process.getActiveResourcesInfo();
    const sample = {
      ...{ rss: rss / MB, heapUsed: heapUsed / MB, heapLive: this.#live / MB, external: external / MB },
      handles: resources.filter((kind) => !MOMENTARY.test(kind)).length,
      timers: resources.filter((kind) => kind === 'Timeout').length,
      files: openFiles(),
      loopDelayP99: this.#delay.percentile(99) / NS_PER_MS,
      lateP99: this.metronome.seen(1).lateP99,
      cpu: this.#cpuPerSecond(),
    };
    this.#delay.reset();
    this.metronome.reset();
    return sample;
  }

  #cpuPerSecond(): number {
    const { user, system } = process.cpuUsage(this.#cpu);
    const seconds = (performance.now() - this.#since) / 1_000;
    this.#cpu = process.cpuUsage();
    this.#since = performance.now();
    return (user + system) / US_PER_MS / seconds;
  }
}

function openFiles(): number {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return NaN;
  }
}
