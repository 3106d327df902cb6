import fc from 'fast-check';
import { HmacTemplate } from './hmac.template.js';

const parse = (text: string): HmacTemplate => HmacTemplate.parse(text) as HmacTemplate;

describe('the template of an HMAC', () => {
  it.each(['{id}{body}', '{body}{id}', '{timestamp}.{id}{body}'])(
    'has a text between id and body, unlike %s',
    (text) => {
      expect(HmacTemplate.parse(text)).toContain('put a text between {id} and {body}');
    },
  );

  it.each(['{timestamp}{body}', '{id}{timestamp}{body}', '{body}', 'v1:{id}:{body}'])(
    'needs none elsewhere: %s',
    (text) => {
      expect(HmacTemplate.parse(text)).toBeInstanceOf(HmacTemplate);
    },
  );

  it.each([
    { template: '{id}.{body}', id: 'a.b', isAmbiguous: true },
    { template: '{id}..{body}', id: 'a.', isAmbiguous: true },
    { template: '{id}..{body}', id: 'a.b', isAmbiguous: false },
    { template: '{body}.{id}', id: 'a.b', isAmbiguous: true },
    { template: '{body}..{id}', id: '.a', isAmbiguous: true },
    { template: '{body}.{id}', id: 'ab', isAmbiguous: false },
    { template: '{body}', id: '', isAmbiguous: false },
    { template: '{id}{timestamp}{body}', id: 'a2026-03-01T12:00:00Z{"at":"', isAmbiguous: true },
    { template: '{id}{timestamp}{body}', id: 'e76c6bd4-55c9-4987-8304-da1588d8988b', isAmbiguous: false },
  ])('takes "$id" in $template for ambiguous: $isAmbiguous', ({ template, id, isAmbiguous }) => {
    expect(parse(template).isAmbiguous(id)).toBe(isAmbiguous);
  });

  it('makes one text of one id and one body alone', () => {
    const texts = fc.string({ unit: fc.constantFrom('a', '.', '1'), maxLength: 5 });
    const templates = fc.constantFrom('{id}.{body}', '{id}..{body}', '{body}.{id}', '{body}..{id}', '1{id}.1{body}');
    fc.assert(
      fc.property(templates, texts, texts, fc.nat(8), (text, id, body, cut) => {
        const template = parse(text);
        fc.pre(!template.isAmbiguous(id));
        const fill = (of: { id: string; body: string }): string =>
          template.fill({ id: of.id, timestamp: '', body: Buffer.from(of.body) }).join('');
        const signed = fill({ id, body });
        // Every other cut of the same bytes, wherever the text between id and body may stand.
        const places = signed.length - fill({ id: '', body: '' }).length;
        const isIdFirst = text.indexOf('{id}') < text.indexOf('{body}');
        const whole = isIdFirst ? id.length : body.length;
        const at = cut % (places + 1);
        fc.pre(at !== whole);
        const head = text.startsWith('1') ? 1 : 0;
        const between = text.replaceAll(/\{\w+\}/g, '').length - head;
        const [left, right] = [signed.slice(head, head + at), signed.slice(head + at + between)];
        const other = isIdFirst ? { id: left, body: right } : { id: right, body: left };
        expect(fill(other) === signed && !template.isAmbiguous(other.id)).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });
});
