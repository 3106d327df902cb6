import { Injectable, NotFoundException } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type { CustomerDto } from './customer.dto.js';
import { Customer } from './customer.entity.js';

@Injectable()
export class CustomersService {
  constructor(@InjectRepository(Customer) private readonly customers: Repository<Customer>) {}

  register(customer: CustomerDto): Promise<Customer> {
    return this.customers.save(this.customers.create({ ...customer }));
  }

  /** Takes over a list of another system: who is known by the address gets a new name, the others are new. */
  async takeOver(list: readonly CustomerDto[]): Promise<Customer[]> {
    await this.customers.upsert(
      list.map((customer) => ({ ...customer })),
      ['email'],
    );
    return Promise.all(list.map(({ email }) => this.customers.findOneByOrFail({ email })));
  }

  /** The row stays, for the books. @throws NotFoundException */
  async leave(id: number): Promise<void> {
    const customer = await this.customers.findOneBy({ id });
    if (customer === null) throw new NotFoundException(`There is no customer ${id}`);
    await this.customers.softRemove(customer);
  }

  async comeBack(id: number): Promise<void> {
    await this.customers.restore(id);
  }
}
