import { Queue } from 'bullmq';
import { TAKE_OVER_AFTER } from '../broker-kit.contract.js';
import type { Broker } from '../broker-kit.contract.js';
import { newName } from '../listener.contract.js';
import { messageSourceContract } from '../message-source.contract.js';
import { bullMqQueue } from './bullmq-queue.js';

function newBroker(): Broker {
  const queue = newName();
  return {
    source: (connection) => bullMqQueue({ queue, connection, takeOverAfter: TAKE_OVER_AFTER }),
    send: async (redis, numbers) => {
      await new Queue(queue, { connection: redis }).addBulk(numbers.map((n) => ({ name: 'number', data: { n } })));
    },
    left: (redis) => new Queue(queue, { connection: redis }).getJobCountByTypes('wait', 'active', 'delayed', 'failed'),
  };
}

messageSourceContract('a BullMQ queue as a source of messages', newBroker);
