import fc from 'fast-check';
import { bySpecificity, matchPath, parseWebhookPath } from './webhook-path.js';
import type { WebhookPath } from './webhook-path.js';

const parse = (path: unknown) => parseWebhookPath(path, 'Trigger "a" (A.a)');

describe('the path of a webhook', () => {
  it('has texts and parameters, and no slashes at its ends', () => {
    expect(parse('/stripe/:account/')).toEqual({
      text: 'stripe/:account',
      segments: [{ text: 'stripe' }, { param: 'account' }],
      shape: 'stripe/:',
    });
  });

  it.each([
    ['', 'has an empty segment'],
    ['a//b', 'has an empty segment'],
    ['..', 'has the segment ".."'],
    ['a b', 'has the segment "a b"'],
    ['a/:', 'has the segment ":"'],
    ['a/:1', 'has the segment ":1"'],
    ['a/*', 'has the segment "*"'],
    [':x/:x', 'has two parameters of one name'],
    ['1/2/3/4/5/6/7/8/9', 'has more than 8 segments'],
    [undefined, 'is no text'],
  ])('is never %p', (path, problem) => {
    expect(() => parse(path)).toThrow(problem);
  });

  it('fits what has its texts, and gives the rest as parameters', () => {
    const path = parse('stripe/:account/:kind');
    expect({ ...matchPath(path, ['stripe', 'a/b', '__proto__']) }).toEqual({ account: 'a/b', kind: '__proto__' });
    expect(matchPath(path, ['Stripe', 'a', 'b'])).toBeUndefined();
    expect(matchPath(path, ['stripe', 'a'])).toBeUndefined();
  });

  it('goes before another one where its first different segment is a text', () => {
    const paths = [':a/b', ':a/:b', 'a/:b', 'a/b'].map(parse).sort(bySpecificity);
    expect(paths.map(({ text }) => text)).toEqual(['a/b', 'a/:b', ':a/b', ':a/:b']);
  });

  it('has one place in the order, whatever the order in which paths are declared', () => {
    const placesOf = ({ shape }: WebhookPath): string => shape.replaceAll(/[ab]/g, 'text');
    const segment = fc.constantFrom('a', 'b', ':x');
    const declared = fc
      .array(segment, { minLength: 1, maxLength: 4 })
      .map((segments) => parse(segments.map((text, at) => (text === ':x' ? `:x${at}` : text)).join('/')));
    fc.assert(
      fc.property(declared, declared, declared, (a, b, c) => {
        const order = (left: WebhookPath, right: WebhookPath): number => Math.sign(bySpecificity(left, right));
        expect(order(a, b)).toBe(-order(b, a) + 0);
        expect(order(a, b) === 0).toBe(placesOf(a) === placesOf(b));
        if (order(a, b) <= 0 && order(b, c) <= 0) expect(order(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });

  it('goes before a more general one, though shorter paths stand between them', () => {
    const paths = [':tenant/:kind', ':tenant', ':tenant/stripe'].map(parse).sort(bySpecificity);
    const first = paths.find((path) => matchPath(path, ['acme', 'stripe']) !== undefined);
    expect(first?.text).toBe(':tenant/stripe');
  });
});
