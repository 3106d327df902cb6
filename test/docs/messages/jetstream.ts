// A source of one's own, of docs/guides/message-triggers.md, run by test/docs/message-guide.spec.ts.
/* eslint-disable no-restricted-syntax -- a source waits, as a program of a reader may; no test sleeps here */
// #region jetstream
import { jetstream } from '@nats-io/jetstream';
import type { Consumer, JsMsg } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import type { MessageHandler, MessageSource, MessageSubscription, SubscribeOptions } from 'nestjs-triggers';

interface JetStreamOptions {
  readonly servers: string;
  readonly stream: string;
  /** A durable consumer that exists, with explicit acknowledgements. */
  readonly consumer: string;
}

export function jetStream(options: JetStreamOptions): MessageSource {
  return {
    name: `JetStream "${options.stream}", consumer "${options.consumer}"`,
    hasIdentity: true,
    subscribe: (handler, given) => new JetStreamSubscription(options, handler, given),
  };
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

class JetStreamSubscription implements MessageSubscription {
  private inHand = 0;
  private isPaused = false;
  private isStopped = false;
  private readonly connection: ReturnType<typeof connect>;
  private readonly loop: Promise<void>;

  constructor(
    private readonly options: JetStreamOptions,
    private readonly handler: MessageHandler,
    private readonly given: SubscribeOptions,
  ) {
    const { servers } = options;
    this.connection = connect({ servers, waitOnFirstConnect: true, maxReconnectAttempts: -1 });
    this.loop = this.run();
  }

  pause() {
    this.isPaused = true;
  }

  resume() {
    this.isPaused = false;
  }

  async stop() {
    this.isStopped = true;
    await this.loop;
  }

  async close() {
    const connection = await this.connection;
    await connection.drain().catch(() => undefined);
  }

  private async run() {
    let consumer: Consumer | undefined;
    while (!this.isStopped) {
      const room = this.given.prefetch - this.inHand;
      if (this.isPaused || room === 0) {
        await pause(10);
        continue;
      }
      try {
        const { stream, consumer: name } = this.options;
        consumer ??= await jetstream(await this.connection).consumers.get(stream, name);
        for await (const message of await consumer.fetch({ max_messages: room, expires: 1_000 }))
          void this.take(message);
        this.given.onBack();
      } catch (error) {
        this.given.onAway(error);
        await pause(200);
      }
    }
  }

  private async take(message: JsMsg) {
    if (this.isStopped) return message.nak();
    this.inHand += 1;
    const settlement = await this.handler({
      id: String(message.seq),
      body: { text: message.string() },
      headers: {},
      deliveries: message.info.deliveryCount,
      sentAt: message.time,
    });
    this.inHand -= 1;
    if (settlement.settle === 'ack') message.ack();
    else message.nak(settlement.afterMs);
  }
}
// #endregion
