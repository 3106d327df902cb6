import { Injectable } from '@nestjs/common';
import { IntakeService } from '../../../intake/intake.service.js';
import { Clock } from '../../../model/clock.js';
import { provenanceOf } from './provenance.js';
import type { Passage } from './passage.js';

/** So many refusals of one trigger become rows in a minute, of each process. */
export const MAX_ROWS_A_MINUTE = 10;
const MINUTE_MS = 60_000;

interface Minute {
  readonly from: number;
  rows: number;
}

/**
 * Keeps record of deliveries whose sender is not who it should be: hash, size, address and redacted headers, never a body.
 * Anybody can make them, so beyond ten rows a minute they are only counted, and the next row carries the count. Each process
 * counts for itself: several keep ten rows each.
 */
@Injectable()
export class Refusals {
  readonly #minutes = new Map<string, Minute>();
  /** By trigger: what was refused since the last row. */
  readonly #uncounted = new Map<string, number>();

  constructor(
    private readonly intake: IntakeService,
    private readonly clock: Clock,
  ) {}

  /** The sender is answered meanwhile: it costs nobody anything when the row cannot be written. */
  note(passage: Passage, reason: string): void {
    const { trigger } = passage;
    const more = this.#uncounted.get(trigger.name) ?? 0;
    if (!this.#takesRow(trigger.name)) return void this.#uncounted.set(trigger.name, more + 1);
    this.#uncounted.delete(trigger.name);
    const origin = { ...provenanceOf(passage), ...(more > 0 && { refusedBefore: more }) };
    this.intake.reject({ trigger, reason, origin }).catch(() => this.#countAgain(trigger.name, more + 1));
  }

  #takesRow(trigger: string): boolean {
    const now = this.clock.monotonic();
    const known = this.#minutes.get(trigger);
    const minute = known !== undefined && now - known.from < MINUTE_MS ? known : { from: now, rows: 0 };
    this.#minutes.set(trigger, minute);
    minute.rows += 1;
    return minute.rows <= MAX_ROWS_A_MINUTE;
  }

  #countAgain(trigger: string, refused: number): void {
    this.#uncounted.set(trigger, (this.#uncounted.get(trigger) ?? 0) + refused);
  }
}
