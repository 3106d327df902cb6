import { IsIn, IsInt, IsPositive } from 'class-validator';
import { CONTRACT_STATES } from './contract.entity.js';
import type { ContractState } from './contract.entity.js';

/** A contract that is drawn up. */
export class ContractDto {
  @IsInt()
  readonly customerId!: number;

  @IsInt()
  @IsPositive()
  readonly monthlyCents!: number;
}

/** What changes of one. */
export class ContractChangeDto {
  @IsIn(CONTRACT_STATES)
  readonly status!: ContractState;
}

/** Whose contracts are suspended. */
export class SuspensionDto {
  @IsInt()
  readonly customerId!: number;
}

/** By how much all become dearer. */
export class RaiseDto {
  @IsInt()
  @IsPositive()
  readonly percent!: number;
}
