import type { Clock } from '../../model/clock.js';
import { isSameSecret, randomSecret } from './secrets.js';

/** How long a login code works: 10 minutes. */
export const LOGIN_CODE_TTL_MS = 600_000;

/** The code of the printed login code: it opens one session, or none after ten minutes. */
export class LoginCode {
  #issued: { readonly code: string; readonly until: number } | undefined;

  constructor(private readonly clock: Clock) {}

  /** A new code; an older one stops working. */
  issue(): string {
    const code = randomSecret();
    this.#issued = { code, until: this.clock.monotonic() + LOGIN_CODE_TTL_MS };
    return code;
  }

  /** Whether this is the code and it still works; it does not afterwards. */
  redeem(code: string): boolean {
    const issued = this.#issued;
    if (issued === undefined || issued.until <= this.clock.monotonic() || !isSameSecret(code, issued.code))
      return false;
    this.#issued = undefined;
    return true;
  }
}
