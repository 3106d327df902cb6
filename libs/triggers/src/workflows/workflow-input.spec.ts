import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Min, ValidateNested } from 'class-validator';
import { z } from 'zod';
import type { InputSchema } from './input-schema.js';
import { resolveInputCheck } from './workflow-input.js';

class Item {
  @IsString()
  sku!: string;
}

class Order {
  @IsInt()
  @Min(1)
  amount!: number;

  @IsOptional()
  @ValidateNested({ each: true })
  @Type(() => Item)
  items?: Item[];
}

class Urgent extends Order {}

class Bare {
  filename!: string;
}

const check = (schema: unknown) => resolveInputCheck(schema as InputSchema, 'Workflow "w", option "input"');

describe('resolveInputCheck', () => {
  describe('of a validated class', () => {
    it('names every field that does not fit, with its path', async () => {
      expect(await check(Order).problems({ amount: 0, items: [{ sku: 'a' }, {}] })).toEqual([
        'amount: amount must not be less than 1',
        'items[1].sku: sku must be a string',
      ]);
    });

    it.each<[string, object]>([
      ['a plain object', { amount: 1 }],
      ['an instance', Object.assign(new Order(), { amount: 1 })],
      ['a context with keys that the class does not know', { amount: 1, more: true }],
    ])('accepts %s and leaves it as it is', async (_what, context) => {
      const before = JSON.stringify(context);
      expect(await check(Order).problems(context)).toEqual([]);
      expect(JSON.stringify(context)).toBe(before);
    });

    it('checks what a parent class declares', async () => {
      expect(await check(Urgent).problems({})).toHaveLength(2);
    });

    it('tells its JSON Schema together with those that it refers to', () => {
      expect(check(Order).instancesOf).toBe(Order);
      expect(check(Order).jsonSchema()).toMatchObject({
        type: 'object',
        required: ['amount'],
        properties: { amount: { type: 'integer', minimum: 1 }, items: { items: { $ref: '#/$defs/Item' } } },
        $defs: { Item: { properties: { sku: { type: 'string' } } } },
      });
      expect(Object.keys((check(Order).jsonSchema() as { $defs: object }).$defs)).toEqual(['Item']);
    });
  });

  describe('of a class without decorators', () => {
    it('accepts everything, knows its instances, and has no JSON Schema', async () => {
      expect(await check(Bare).problems({ other: 1 })).toEqual([]);
      expect(check(Bare).instancesOf).toBe(Bare);
      expect(check(Bare).jsonSchema()).toBeNull();
    });
  });

  describe('of a Standard Schema', () => {
    const schema = z.object({ url: z.url(), tags: z.array(z.object({ name: z.string() })).default([]) });

    it('names every field that does not fit, with its path', async () => {
      const problems = await check(schema).problems({ url: 'nowhere', tags: [{ name: 1 }] });
      expect(problems.map((problem) => problem.split(':')[0])).toEqual(['url', 'tags[0].name']);
      expect((await check(schema).problems(1))[0]).toMatch(/^\(context\): /);
    });

    it('accepts what fits, asynchronously too', async () => {
      expect(await check(schema).problems({ url: 'https://example.test' })).toEqual([]);
      expect(await check(schema.refine(async () => false, 'never')).problems({ url: 'https://example.test' })).toEqual([
        '(context): never',
      ]);
    });

    it('tells the JSON Schema of what is fired, or null where JSON Schema cannot say it', () => {
      expect(check(schema).jsonSchema()).toMatchObject({ type: 'object', required: ['url'] });
      expect(check(z.object({ at: z.date() })).jsonSchema()).toBeNull();
      expect(check({ '~standard': { version: 1, vendor: 'x', validate: () => ({}) } }).jsonSchema()).toBeNull();
    });

    it('may be a function, as with arktype', async () => {
      const callable = Object.assign(() => 1, {
        '~standard': {
          version: 1,
          vendor: 'x',
          validate: () => ({ issues: [{ message: 'no', path: [{ key: 'a' }, 0] }] }),
        },
      });
      expect(await check(callable).problems({})).toEqual(['a[0]: no']);
      expect(check(callable).instancesOf).toBeUndefined();
    });
  });

  it.each([
    [undefined, /undefined \(a circular import\?\)/],
    ['text', /is string\. It takes a class or a Standard Schema/],
    [{}, /is object/],
  ])('refuses %j', (schema, message) => {
    expect(() => check(schema)).toThrow(message);
  });
});
