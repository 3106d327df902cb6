import type { Clock } from '../../model/clock.js';
import type { Identity } from '../../model/identity.js';
import { randomSecret } from './secrets.js';

/** Sessions that are kept; beyond that the oldest ends. */
const MAX_SESSIONS = 1_000;

/** A login of the dashboard. */
export interface Session {
  readonly identity: Identity;
  /** Mutations by cookie carry it in a header, which no other site can set. */
  readonly csrfToken: string;
  readonly expiresAt: Date;
}

interface Kept extends Session {
  readonly until: number;
}

/** The sessions of this process, in memory: a restart ends them. The cookie holds nothing but a random id. */
export class SessionStore {
  readonly #sessions = new Map<string, Kept>();

  constructor(
    private readonly clock: Clock,
    private readonly ttlMs: number,
  ) {}

  /** Begins a session. */
  open(identity: Identity): { readonly id: string; readonly session: Session } {
    this.#forgetSome();
    const id = randomSecret();
    const session: Kept = {
      identity,
      csrfToken: randomSecret(),
      expiresAt: new Date(this.clock.now() + this.ttlMs),
      until: this.clock.monotonic() + this.ttlMs,
    };
    this.#sessions.set(id, session);
    return { id, session };
  }

  /** The session of that id, unless it is over. */
  get(id: string): Session | undefined {
    const session = this.#sessions.get(id);
    if (session !== undefined && session.until > this.clock.monotonic()) return session;
    this.#sessions.delete(id);
    return undefined;
  }

  /** Ends a session. */
  close(id: string): void {
    this.#sessions.delete(id);
  }

  /** All last equally long, so the first ones are the oldest. */
  #forgetSome(): void {
    for (const [id, { until }] of this.#sessions) {
      if (until > this.clock.monotonic() && this.#sessions.size < MAX_SESSIONS) return;
      this.#sessions.delete(id);
    }
  }
}
