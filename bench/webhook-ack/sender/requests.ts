import { orderText, signatureOf } from '../signed-order.js';
import type { Load } from './load.js';

/** The bytes of all requests, made before the clock runs: signing is the sender's work. */
export function requestsOf({ count, name, time, port }: Load): Buffer[] {
  return Array.from({ length: count }, (_, index) => requestOf(index, { name, time: String(time), port }));
}

function requestOf(index: number, { name, time, port }: { name: string; time: string; port: number }): Buffer {
  const [id, body] = [`msg_${name}_${index}`, orderText(index)];
  const head = [
    'POST /webhooks/orders HTTP/1.1',
    `host: 127.0.0.1:${port}`,
    'user-agent: shop-webhooks/1.0',
    'accept: */*',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    `webhook-id: ${id}`,
    `webhook-timestamp: ${time}`,
    `webhook-signature: ${signatureOf({ id, time }, body)}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}
