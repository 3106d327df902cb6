import { IsEmail, IsString, Length, Matches, MaxLength } from 'class-validator';

/** What the ticket system sends. It may send more; nobody here reads it. */
export class TicketCreated {
  @Matches(/^TKT-\d{1,12}$/, { message: 'ticket_id must be TKT- and a number' })
  readonly ticket_id!: string;

  @IsEmail()
  readonly customer_email!: string;

  @IsString()
  @Length(1, 200)
  readonly subject!: string;

  @IsString()
  @MaxLength(20_000)
  readonly body!: string;
}
