import type { Clock, TimerHandle } from '../model/clock.js';
import type { ExecutionId } from '../model/ids.js';
import { ANYTHING } from './dialects/notice-channel.js';
import type { NoticeChannel } from './dialects/notice-channel.js';

/** What one process tells the others. */
export type Notice =
  /** Tasks are ready that this process did not claim. */
  | { readonly about: 'ready' }
  /** An operator changed an execution. */
  | { readonly about: 'execution'; readonly id: ExecutionId }
  /** An operator changed a trigger. */
  | { readonly about: 'trigger'; readonly name: string }
  /** Nobody knows what: everything is to be looked at. */
  | { readonly about: typeof ANYTHING };

/** Notices are sent together, at most so often: a busy process must not wake idle ones for each of its commits. */
const SEND_EVERY_MS = 50;
/** Beyond this many at once it is cheaper to look at everything. */
const MAX_AT_ONCE = 100;

/**
 * Tells other processes on this ledger that something changed, after the commit. It makes cancellations, operators'
 * changes and ready tasks known within milliseconds; when a notice is lost, sweeps and renewals of leases find the same.
 */
export class Notices {
  readonly #waiting = new Set<string>();
  #pause: TimerHandle | null = null;

  constructor(
    private readonly channel: NoticeChannel,
    private readonly clock: Clock,
  ) {}

  /** Hears what other processes tell, from now on. */
  listen(hear: (notice: Notice) => void): void {
    this.channel.listen((text) => {
      const notice = noticeOf(text);
      if (notice !== null) hear(notice);
    });
  }

  /** To be called every second by whoever listens. */
  look(): void {
    this.channel.look();
  }

  /** Tells the other processes; never throws. */
  tell(notice: Notice): void {
    this.#waiting.add(textOf(notice));
    if (this.#pause === null) this.#send();
  }

  async close(): Promise<void> {
    this.#pause?.clear();
    await this.channel.close();
  }

  #send(): void {
    this.#pause = null;
    if (this.#waiting.size === 0) return;
    this.channel.send(this.#waiting.size > MAX_AT_ONCE ? [ANYTHING] : [...this.#waiting]);
    this.#waiting.clear();
    this.#pause = this.clock.setTimer(() => this.#send(), SEND_EVERY_MS);
  }
}

function textOf(notice: Notice): string {
  if (notice.about === 'execution') return `execution:${notice.id}`;
  return notice.about === 'trigger' ? `trigger:${notice.name}` : notice.about;
}

/** Another version of this package, or somebody else, may say what we do not know. */
function noticeOf(text: string): Notice | null {
  if (text === 'ready' || text === ANYTHING) return { about: text };
  if (text.startsWith('execution:')) return { about: 'execution', id: text.slice('execution:'.length) as ExecutionId };
  return text.startsWith('trigger:') ? { about: 'trigger', name: text.slice('trigger:'.length) } : null;
}
