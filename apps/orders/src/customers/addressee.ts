import { IsEmail, IsInt, IsString } from 'class-validator';

/** A customer who can be written to. A row without a proper address is kept, for somebody to mend. */
export class Addressee {
  @IsInt()
  readonly customerId!: number;

  @IsString()
  readonly name!: string;

  @IsEmail()
  readonly email!: string;
}
