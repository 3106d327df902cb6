import { InjectRepository } from '@nestjs/typeorm';
import { Task, Workflow } from 'nestjs-triggers';
import type { TaskContext } from 'nestjs-triggers';
import { Repository } from 'typeorm';
import { MailService } from '../mail/mail.service.js';
import { Contract } from './contract.entity.js';

interface StatusChange {
  readonly contractId: number;
  readonly from: string;
  readonly to: string;
}

/** Somebody looks at a contract. The change tells what it was; what the contract is by now stands in its table. */
@Workflow({ name: 'contract_review', description: 'assess → tell' })
export class ContractReview {
  constructor(
    @InjectRepository(Contract) private readonly contracts: Repository<Contract>,
    private readonly mail: MailService,
  ) {}

  @Task()
  async assess({ data }: TaskContext<StatusChange>) {
    const relations = { customer: true };
    const contract = await this.contracts.findOneOrFail({
      where: { id: data.contractId },
      relations,
      withDeleted: true,
    });
    return { customer: contract.customer.name, lostCents: contract.monthlyCents };
  }

  @Task({ dependencies: ['assess'], timeout: '30s' })
  async tell(context: TaskContext<StatusChange & { readonly customer: string; readonly lostCents: number }>) {
    const { contractId, from, to, customer, lostCents } = context.data;
    const text = `${customer}: contract ${contractId} was ${from}, is ${to}; ${lostCents / 100} € a month.`;
    await this.mail.send({ to: 'contracts@shop.example', about: 'review', text }, context);
  }
}
