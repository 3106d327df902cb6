import { TriggersError } from '../../../model/errors.js';
import { HmacTemplate } from './hmac.template.js';
import type { SecretOption } from './secret.js';
import type { HmacAlgorithm } from './signature.js';
import { isTimestampFormat, toleranceOf } from './signed-time.js';
import type { TimestampFormat, ToleranceOption } from './signed-time.js';
import type { VerifierSetup } from './verifier.js';

/** Options of {@link hmac}. */
export interface HmacOptions extends ToleranceOption {
  /** The header that carries the signature, in any case. */
  readonly header: string;
  /** The shared secret; its text is the key. Several while it is replaced. */
  readonly secret: SecretOption;
  /** @default DEFAULT_HMAC_OPTIONS.algorithm */
  readonly algorithm?: HmacAlgorithm;
  /** How the signature is written; hex in small letters. @default DEFAULT_HMAC_OPTIONS.encoding */
  readonly encoding?: 'hex' | 'base64';
  /** What stands before each signature, such as `sha256=`. @default DEFAULT_HMAC_OPTIONS.prefix */
  readonly prefix?: string;
  /**
   * What is signed, of `{id}`, `{timestamp}`, `{body}` and text between them. Between `{id}` and
   * `{body}` stands a text that no id holds: a delivery whose id holds it is refused. @default DEFAULT_HMAC_OPTIONS.template
   */
  readonly template?: string;
  /** The header with the signed time; needs `{timestamp}` in the template. @default none, no time is checked */
  readonly timestampHeader?: string;
  /** How the time is written. @default DEFAULT_HMAC_OPTIONS.timestampFormat */
  readonly timestampFormat?: TimestampFormat;
  /** The header with the id of the event; needs `{id}` in the template. @default none */
  readonly idHeader?: string;
  /** The vendor sends an event again in the same bytes: their hash is a dedup key for 7 days. @default false, 5 minutes */
  readonly resendsSameBytes?: boolean;
}

/** The defaults of {@link HmacOptions}. */
export const DEFAULT_HMAC_OPTIONS = {
  algorithm: 'sha256',
  encoding: 'hex',
  prefix: '',
  template: '{body}',
  timestampFormat: 'seconds',
} as const satisfies Partial<HmacOptions>;

/** {@link HmacOptions}, checked. Names of headers are in lower case. */
export interface ResolvedHmac {
  readonly header: string;
  readonly algorithm: HmacAlgorithm;
  readonly encoding: 'hex' | 'base64';
  readonly prefix: string;
  readonly template: HmacTemplate;
  readonly timestampHeader: string | null;
  readonly timestampFormat: TimestampFormat;
  readonly idHeader: string | null;
  readonly toleranceMs: number;
}

/** @throws TRG_DEF_INVALID_OPTION and TRG_DEF_INVALID_DURATION for what does not fit together */
export function resolveHmac(options: HmacOptions, setup: VerifierSetup): ResolvedHmac {
  const { algorithm, encoding, prefix, timestampFormat, template } = { ...DEFAULT_HMAC_OPTIONS, ...options };
  const check = (option: string, isRight: boolean, takes: string): void => {
    if (!isRight) throw problem(setup, option, takes);
  };
  check('header', isHeaderName(options.header), 'the name of the header that carries the signature');
  check('algorithm', ['sha256', 'sha512', 'sha1'].includes(algorithm), '"sha256", "sha512" or "sha1"');
  check('encoding', ['hex', 'base64'].includes(encoding), '"hex" or "base64"');
  check('prefix', typeof prefix === 'string', 'the text before each signature');
  check('timestampFormat', isTimestampFormat(timestampFormat), '"seconds", "milliseconds" or "iso"');
  const parsed = HmacTemplate.parse(String(template));
  if (typeof parsed === 'string') throw problem(setup, 'template', `a text such as "{timestamp}.{body}": ${parsed}`);
  return {
    header: options.header.toLowerCase(),
    algorithm,
    encoding,
    prefix,
    template: parsed,
    timestampHeader: partHeader('timestamp', options.timestampHeader, parsed, setup),
    timestampFormat,
    idHeader: partHeader('id', options.idHeader, parsed, setup),
    toleranceMs: toleranceOf(options, setup),
  };
}

/** A header whose value is signed: named if and only if the template has a place for it. */
function partHeader(
  place: 'timestamp' | 'id',
  header: string | undefined,
  template: HmacTemplate,
  setup: VerifierSetup,
): string | null {
  const option = `${place}Header`;
  if (header === undefined && !template.has(place)) return null;
  if (!isHeaderName(header)) throw problem(setup, option, `the name of the header that holds {${place}}`);
  if (template.has(place)) return header.toLowerCase();
  throw problem(setup, option, `a header whose value is signed: put {${place}} into the template`);
}

/** Whether something can be the name of a header (RFC 9110, 5.6.2). */
export function isHeaderName(name: unknown): name is string {
  return typeof name === 'string' && /^[!#$%&'*+.^_`|~\w-]+$/.test(name);
}

function problem({ where, option }: VerifierSetup, name: string, takes: string): TriggersError {
  return new TriggersError('TRG_DEF_INVALID_OPTION', `${where}, option "${option}.${name}" takes ${takes}.`);
}
