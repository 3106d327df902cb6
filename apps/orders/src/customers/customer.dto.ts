import { IsEmail, IsNotEmpty, IsString } from 'class-validator';

/** What somebody who registers says. */
export class CustomerDto {
  @IsString()
  @IsNotEmpty()
  readonly name!: string;

  @IsEmail()
  readonly email!: string;
}
