/** The module that docs/guides/entity-triggers.md shows. */
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { TriggersModule } from 'nestjs-triggers';
import { Checkout, Onboarding, PaymentTriggers, PlanTriggers, Thanks, User, UserTriggers } from './shop.js';

// #region module
const shop = process.env['SHOP_DATABASE'] ?? './shop.db';
const path = process.env['TRIGGERS_DATABASE'] ?? './triggers.db';

@Module({
  imports: [
    TypeOrmModule.forRoot({ type: 'better-sqlite3', database: shop, entities: [User], synchronize: true }),
    TriggersModule.forRoot({ database: { type: 'sqlite', path } }),
  ],
  providers: [Onboarding, UserTriggers, Thanks, PlanTriggers, PaymentTriggers, Checkout],
})
export class AppModule {}
// #endregion
