import type { IncomingMessage } from 'node:http';
import { readRawBody } from '../../http/raw-body.js';
import type { Clock } from '../../model/clock.js';
import { MAX_CONTEXT_BYTES } from '../../model/context.js';
import { TriggersError } from '../../model/errors.js';
import { isPlainObject } from '../../model/json.js';

/** The largest body: a context of full size and room for what stands around it. */
export const MAX_BODY_BYTES = MAX_CONTEXT_BYTES + 65_536;

/** What became of a body. */
export type Body =
  | { readonly kind: 'object'; readonly value: Record<string, unknown> }
  | { readonly kind: 'refused'; readonly problem: TriggersError };

const JSON_TYPE = /^application\/([\w.-]+\+)?json\s*(;\s*charset="?utf-8"?\s*)?$/i;

/**
 * Reads the body of a request: a JSON object, or nothing, which equals `{}`. What is refused is still read to its end,
 * and thrown away, so that the sender gets to see the answer.
 */
export async function readBody(request: IncomingMessage, clock: Clock): Promise<Body> {
  const problem = problemOfHeaders(request);
  if (problem !== null) return discard(request, problem);
  const body = await readRawBody(request, { maxBytes: MAX_BODY_BYTES, clock });
  if (body.kind === 'bytes') return parse(body.bytes.toString());
  return { kind: 'refused', problem: body.kind === 'tooLarge' ? tooLarge() : badBody('The body did not arrive.') };
}

function problemOfHeaders({ headers }: IncomingMessage): TriggersError | null {
  const length = Number(headers['content-length'] ?? 0);
  if (length === 0 && headers['transfer-encoding'] === undefined) return null;
  if (length > MAX_BODY_BYTES) return tooLarge();
  const { 'content-type': type = 'nothing', 'content-encoding': encoding = 'identity' } = headers;
  if (!JSON_TYPE.test(type))
    return mediaType(`The body is declared as ${JSON.stringify(type)}; send application/json in UTF-8.`);
  if (encoding !== 'identity')
    return mediaType(`The body is encoded as ${JSON.stringify(encoding)}; send it without encoding.`);
  return null;
}

function discard(request: IncomingMessage, problem: TriggersError): Body {
  request.resume();
  return { kind: 'refused', problem };
}

function parse(text: string): Body {
  if (text.trim() === '') return { kind: 'object', value: {} };
  try {
    const value: unknown = JSON.parse(text);
    if (isPlainObject(value)) return { kind: 'object', value };
    return { kind: 'refused', problem: badBody('The body is no JSON object. Send one, for example {"reason": "…"}.') };
  } catch {
    return { kind: 'refused', problem: badBody('The body is no JSON. Look for a missing quote, brace or comma.') };
  }
}

function badBody(message: string): TriggersError {
  return new TriggersError('TRG_API_BAD_REQUEST', message);
}

function mediaType(message: string): TriggersError {
  return new TriggersError('TRG_API_MEDIA_TYPE', message);
}

function tooLarge(): TriggersError {
  return new TriggersError(
    'TRG_CONTEXT_TOO_LARGE',
    `The body is larger than ${MAX_BODY_BYTES} bytes. Pass a reference instead.`,
  );
}
