import { Ajv2020 } from 'ajv/dist/2020.js';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsPositive, IsString, MaxLength, ValidateNested } from 'class-validator';
import { z } from 'zod';
import { plainTrigger } from '../intake/plain-trigger.contract.js';
import type { TriggerDefinition } from '../intake/trigger.definition.js';
import { resolveInputCheck } from '../workflows/workflow-input.js';
import type { InputSchema } from '../workflows/input-schema.js';
import { inputSchemaOf } from './input.schema.js';

class Line {
  @IsString()
  @MaxLength(3)
  sku!: string;
}

class Order {
  @IsInt()
  @IsPositive()
  amount!: number;

  @IsOptional()
  @ValidateNested({ each: true })
  @Type(() => Line)
  lines?: Line[];
}

class Other {
  @ValidateNested()
  @Type(() => Line)
  line!: Line;
}

const check = (input: InputSchema) => resolveInputCheck(input, 'Test');
const workflows = (...inputs: InputSchema[]) =>
  inputs.map((input) => ({ input: check(input) })) as unknown as TriggerDefinition['workflows'];

function accepts(schema: object | null, value: unknown): boolean {
  // As a reader of draft 2020-12 that knows no extension and takes no exception.
  return new Ajv2020({ strict: true, strictRequired: false, validateFormats: false }).compile(schema ?? false)(value);
}

describe('the input schema of a trigger', () => {
  it('is draft 2020-12, for a class and for a Standard Schema', () => {
    const ofClass = inputSchemaOf(plainTrigger({ workflows: workflows(Order) }));
    const ofZod = inputSchemaOf(plainTrigger({ workflows: workflows(z.object({ amount: z.int().positive() })) }));
    for (const schema of [ofClass, ofZod]) {
      expect(schema).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema' });
      expect([{ amount: 1 }, { amount: 0 }, { amount: 1.5 }, {}].map((value) => accepts(schema, value))).toEqual([
        true,
        false,
        false,
        false,
      ]);
    }
    expect(accepts(ofClass, { amount: 1, lines: [{ sku: 'long' }] })).toBe(false);
  });

  it('asks for what every one of its workflows takes, references included', () => {
    const schema = inputSchemaOf(plainTrigger({ workflows: workflows(Order, Other, z.object({ note: z.string() })) }));
    const fits = { amount: 1, lines: [{ sku: 'a' }], line: { sku: 'b' }, note: 'c' };
    expect(accepts(schema, fits)).toBe(true);
    for (const key of ['amount', 'line', 'note']) expect(accepts(schema, { ...fits, [key]: undefined })).toBe(false);
    expect(accepts(schema, { ...fits, line: { sku: 'long' } })).toBe(false);
  });

  it('is what a manual trigger declares, whatever its workflows take', () => {
    const manual = { ...plainTrigger({ kind: 'manual', workflows: workflows(Order) }), input: check(Other) };
    expect(inputSchemaOf(manual)).toMatchObject({ required: ['line'] });
    const undeclared = { ...plainTrigger({ kind: 'manual', workflows: workflows(Order) }), input: null };
    expect(inputSchemaOf(undeclared)).toMatchObject({ required: ['amount'] });
  });

  it('has the fields with a default as fields that may be left out', () => {
    const schema = inputSchemaOf(plainTrigger({ workflows: workflows(z.object({ copies: z.int().default(1) })) }));
    expect(accepts(schema, {})).toBe(true);
  });

  it('is null where nobody knows', () => {
    const silent = { '~standard': { version: 1, vendor: 'x', validate: () => ({}) } } as const;
    expect(inputSchemaOf(plainTrigger({ workflows: workflows(silent) }))).toBeNull();
    expect(inputSchemaOf(plainTrigger({ workflows: [] }))).toBeNull();
  });
});
