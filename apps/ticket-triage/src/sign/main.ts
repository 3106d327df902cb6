import { randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { signedHeaders } from '../sender/standard-webhook.js';

// Signs what comes in: prints headers as `curl -H @file` takes them. The same id again makes the same event again.
const { WEBHOOK_SECRET: secret } = process.env;
if (secret) {
  const [id = `msg_${randomUUID()}`] = process.argv.slice(2);
  const headers = signedHeaders(await text(process.stdin), { secret, id, at: new Date() });
  for (const [name, value] of Object.entries(headers)) process.stdout.write(`${name}: ${value}\n`);
} else {
  process.stderr.write('sign: Set WEBHOOK_SECRET to what the server has.\n');
  process.exitCode = 1;
}
