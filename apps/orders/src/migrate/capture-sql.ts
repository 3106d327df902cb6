import { entityCaptureSql } from 'nestjs-triggers';
import { DataSource } from 'typeorm';
import { Contract } from '../contracts/contract.entity.js';
import { ContractTriggers } from '../contracts/contract.triggers.js';
import { Customer } from '../customers/customer.entity.js';
import { CustomerTriggers } from '../customers/customer.triggers.js';
import { Order } from '../orders/order.entity.js';
import { OrderTriggers } from '../orders/order.triggers.js';
import { shopDatabase } from '../shop-database.js';

/** What the entity triggers of the shop need in its database, in the order in which it is run. */
export async function captureSql(database: string): Promise<readonly string[]> {
  const source = new DataSource({ ...shopDatabase(database), entities: [Customer, Contract, Order] });
  await source.initialize();
  try {
    return entityCaptureSql(source, [CustomerTriggers, ContractTriggers, OrderTriggers]);
  } finally {
    await source.destroy();
  }
}
