import { Column, Entity, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';
import { Customer } from '../customers/customer.entity.js';

@Entity('orders')
export class Order {
  @PrimaryGeneratedColumn()
  id!: number;

  @ManyToOne(() => Customer, { nullable: false })
  customer!: Customer;

  @Column()
  article!: string;

  @Column()
  totalCents!: number;

  @Column({ default: false })
  isPaid!: boolean;
}
