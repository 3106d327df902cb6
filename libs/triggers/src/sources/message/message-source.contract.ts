import { describeWithRedis } from '../../../../../test/support/redis.js';
import { brokerAwayContract } from './broker-away.contract.js';
import { useBroker } from './broker-kit.contract.js';
import type { Broker } from './broker-kit.contract.js';
import { handedOverContract } from './handed-over.contract.js';
import { sharedOutContract } from './shared-out.contract.js';

/** Everything that the port promises, whatever the broker. */
export function messageSourceContract(title: string, newBroker: () => Broker): void {
  describeWithRedis(title, () => {
    const kit = useBroker(newBroker);
    handedOverContract(kit);
    sharedOutContract(kit);
    brokerAwayContract(kit);
  });
}
