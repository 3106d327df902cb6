import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type { ContractDto } from './contract.dto.js';
import { Contract } from './contract.entity.js';
import type { ContractState } from './contract.entity.js';

@Injectable()
export class ContractsService {
  constructor(@InjectRepository(Contract) private readonly contracts: Repository<Contract>) {}

  drawUp({ customerId, monthlyCents }: ContractDto): Promise<Contract> {
    return this.contracts.save({ customer: { id: customerId }, monthlyCents });
  }

  /** @throws EntityNotFoundError */
  async change(id: number, status: ContractState): Promise<Contract> {
    const contract = await this.contracts.findOneByOrFail({ id });
    contract.status = status;
    return this.contracts.save(contract);
  }

  /** @returns how many */
  async suspendAllOf(customerId: number): Promise<number> {
    const { affected } = await this.contracts
      .createQueryBuilder()
      .update()
      .set({ status: 'suspended' })
      .where('customer = :customerId AND status = :status', { customerId, status: 'active' })
      .execute();
    return affected ?? 0;
  }

  /** Makes all contracts dearer. @returns how many */
  async raise(percent: number): Promise<number> {
    const { affected } = await this.contracts
      .createQueryBuilder()
      .update()
      .set({ monthlyCents: () => `"monthlyCents" * ${100 + percent} / 100` })
      .execute();
    return affected ?? 0;
  }
}
