import { IsEmail, IsString, Matches } from 'class-validator';

/** A ticket as this application speaks of it, whoever sent it. */
export class Ticket {
  @Matches(/^TKT-\d+$/)
  readonly ticketId!: string;

  @IsEmail()
  readonly customer!: string;

  @IsString()
  readonly subject!: string;

  @IsString()
  readonly text!: string;
}

/** What a ticket can be about. */
export const CATEGORIES = ['billing', 'outage', 'account', 'question'] as const;
export type Category = (typeof CATEGORIES)[number];

/** How soon somebody should look. */
export const URGENCIES = ['low', 'normal', 'high'] as const;
export type Urgency = (typeof URGENCIES)[number];

/** What the model says of a ticket. */
export interface Classification {
  readonly category: Category;
  readonly urgency: Urgency;
  /** One sentence for whoever gets the ticket. */
  readonly summary: string;
}

/** Who gets a ticket. */
export interface Route {
  readonly team: string;
  /** Somebody is woken. */
  readonly page: boolean;
}
