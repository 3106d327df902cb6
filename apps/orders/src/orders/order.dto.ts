import { IsInt, IsNotEmpty, IsPositive, IsString } from 'class-validator';

/** What a customer orders. */
export class OrderDto {
  @IsInt()
  readonly customerId!: number;

  @IsString()
  @IsNotEmpty()
  readonly article!: string;

  @IsInt()
  @IsPositive()
  readonly totalCents!: number;
}

/** Money that has come. */
export class PaymentDto {
  @IsInt()
  readonly orderId!: number;

  @IsInt()
  @IsPositive()
  readonly cents!: number;
}
