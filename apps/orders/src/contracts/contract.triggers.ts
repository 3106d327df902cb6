import { Injectable } from '@nestjs/common';
import { EntityTrigger } from 'nestjs-triggers';
import type { EntityChange } from 'nestjs-triggers';
import { ContractReview } from './contract-review.workflow.js';
import { Contract } from './contract.entity.js';

@Injectable()
export class ContractTriggers {
  /** A contract that is no longer active is looked at. What changes another column is dropped by the database. */
  @EntityTrigger({
    workflow: ContractReview,
    name: 'contract_review',
    entity: Contract,
    on: ['update'],
    columns: ['status'],
    when: ({ before }) => before.status === 'active',
  })
  statusChanged({ before, after }: EntityChange<Contract, 'update'>) {
    return { contractId: after.id, from: before.status, to: after.status };
  }
}
