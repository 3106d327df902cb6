import { Column, Entity, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';
import { Customer } from '../customers/customer.entity.js';

/** What can be the matter with a contract. */
export const CONTRACT_STATES = ['draft', 'active', 'suspended', 'ended'] as const;
export type ContractState = (typeof CONTRACT_STATES)[number];

@Entity('contracts')
export class Contract {
  @PrimaryGeneratedColumn()
  id!: number;

  @ManyToOne(() => Customer, { nullable: false })
  customer!: Customer;

  @Column()
  monthlyCents!: number;

  @Column({ type: 'varchar', default: 'draft' })
  status!: ContractState;
}
