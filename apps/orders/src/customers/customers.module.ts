import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Customer } from './customer.entity.js';
import { CustomerTriggers } from './customer.triggers.js';
import { CustomersController } from './customers.controller.js';
import { CustomersService } from './customers.service.js';
import { Farewell } from './farewell.workflow.js';
import { Onboarding } from './onboarding.workflow.js';

@Module({
  imports: [TypeOrmModule.forFeature([Customer])],
  controllers: [CustomersController],
  providers: [CustomersService, CustomerTriggers, Onboarding, Farewell],
})
export class CustomersModule {}
