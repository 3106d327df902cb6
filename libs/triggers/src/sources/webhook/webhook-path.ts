import { TriggersError } from '../../model/errors.js';

/** The most segments of a path. */
export const MAX_PATH_SEGMENTS = 8;

/** One segment of a path: a text, or a parameter that stands for any. */
export type PathSegment = { readonly text: string } | { readonly param: string };

/** Where a webhook trigger listens, below the prefix. */
export interface WebhookPath {
  /** As it was declared, without slashes at its ends. */
  readonly text: string;
  readonly segments: readonly PathSegment[];
  /** The same for two paths that always fit together: `stripe/:` for `stripe/:account`. */
  readonly shape: string;
}

const TEXT = /^(?!\.{1,2}$)[A-Za-z0-9._~-]+$/;
const PARAM = /^:([A-Za-z][A-Za-z0-9_]*)$/;

/** @throws TRG_DEF_INVALID_OPTION naming what is wrong with it */
export function parseWebhookPath(path: unknown, where: string): WebhookPath {
  if (typeof path !== 'string') throw refuse(where, path, 'is no text');
  const text = path.replace(/^\/+|\/+$/g, '');
  const segments = text.split('/').map((segment) => segmentOf(segment, where, path));
  if (segments.length > MAX_PATH_SEGMENTS) throw refuse(where, path, `has more than ${MAX_PATH_SEGMENTS} segments`);
  const params = segments.flatMap((segment) => ('param' in segment ? [segment.param] : []));
  if (new Set(params).size < params.length) throw refuse(where, path, 'has two parameters of one name');
  const shape = segments.map((segment) => ('text' in segment ? segment.text : ':')).join('/');
  return { text, segments, shape };
}

/** The values of the parameters, if the path fits. Segments come decoded. */
export function matchPath(
  { segments }: WebhookPath,
  given: readonly string[],
): Readonly<Record<string, string>> | undefined {
  if (given.length !== segments.length) return undefined;
  const params = Object.create(null) as Record<string, string>;
  for (const [index, segment] of segments.entries()) {
    const value = given[index] as string;
    if ('param' in segment) params[segment.param] = value;
    else if (segment.text !== value) return undefined;
  }
  return params;
}

/**
 * Orders paths so that the first one that fits is the one that is meant: text goes before parameters, from the left. Shorter
 * paths go before longer ones, for nothing fits both: an order has to know the place of each.
 */
export function bySpecificity(a: WebhookPath, b: WebhookPath): number {
  if (a.segments.length !== b.segments.length) return a.segments.length - b.segments.length;
  for (const [index, segment] of a.segments.entries()) {
    const other = b.segments[index];
    if (other !== undefined && 'param' in segment !== 'param' in other) return 'param' in segment ? 1 : -1;
  }
  return 0;
}

function segmentOf(segment: string, where: string, path: string): PathSegment {
  const param = PARAM.exec(segment)?.[1];
  if (param !== undefined) return { param };
  if (TEXT.test(segment)) return { text: segment };
  throw refuse(where, path, segment === '' ? 'has an empty segment' : `has the segment "${segment}"`);
}

function refuse(where: string, path: unknown, problem: string): TriggersError {
  const shown = JSON.stringify(path) ?? String(path);
  return new TriggersError(
    'TRG_DEF_INVALID_OPTION',
    `${where}, option "path" is ${shown}, which ${problem}. It takes letters, digits, ".", "_", "~", "-" and parameters ` +
      'between slashes, for example "stripe/:account".',
  );
}
