import { Injectable } from '@nestjs/common';
import { EntityTrigger, TriggerResult } from 'nestjs-triggers';
import type { EntityChange } from 'nestjs-triggers';
import { Customer } from './customer.entity.js';
import { Farewell } from './farewell.workflow.js';
import { Onboarding } from './onboarding.workflow.js';

/** However the row came there: by the service, an import, or somebody in a database shell. */
@Injectable()
export class CustomerTriggers {
  /** Who comes back is inserted again, as far as a delete column goes, and is not welcomed twice. */
  @EntityTrigger({
    workflow: Onboarding,
    name: 'new_customer',
    entity: Customer,
    on: ['insert'],
    dedup: { for: 'ever' },
  })
  newCustomer({ after }: EntityChange<Customer, 'insert'>) {
    const { id, name, email } = after;
    return TriggerResult.fire({ customerId: id, name, email }, { dedupKey: `customer ${id}` });
  }

  /** Soft deletes are removals. */
  @EntityTrigger({ workflow: Farewell, name: 'customer_left', entity: Customer, on: ['remove'] })
  customerLeft({ before }: EntityChange<Customer, 'remove'>) {
    return { customerId: before.id, name: before.name, email: before.email };
  }
}
