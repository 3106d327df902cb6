import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ContractReview } from './contract-review.workflow.js';
import { Contract } from './contract.entity.js';
import { ContractTriggers } from './contract.triggers.js';
import { ContractsController } from './contracts.controller.js';
import { ContractsService } from './contracts.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([Contract])],
  controllers: [ContractsController],
  providers: [ContractsService, ContractTriggers, ContractReview],
})
export class ContractsModule {}
