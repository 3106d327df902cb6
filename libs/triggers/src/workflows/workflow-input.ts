import { TriggersError } from '../model/errors.js';
import { classInputCheck } from './class-input.js';
import { isStandardSchema } from './input-schema.js';
import type { InputSchema, StandardIssue, StandardSchema } from './input-schema.js';
import type { InputCheck } from './workflow.definition.js';

const TARGET = { target: 'draft-2020-12' } as const;

/** The two ways in which validation libraries offer JSON Schema: that of Standard JSON Schema, and that of zod 4. */
interface JsonSchemaSource {
  readonly '~standard': { readonly jsonSchema?: { readonly input?: (options: typeof TARGET) => object } };
  readonly toJSONSchema?: () => object;
}

/**
 * The check of a declared input. It never transforms: what is stored is the context as it was fired.
 *
 * @param where whose input it is, for the message: `Workflow "files", option "input"`
 * @throws TRG_DEF_INVALID_OPTION when it is neither a class nor a Standard Schema
 * @example await resolveInputCheck(FileArrived, 'Workflow "files", option "input"').problems({}) // ['filename: …']
 */
export function resolveInputCheck(schema: InputSchema, where: string): InputCheck {
  if (isSchemaLike(schema)) return isStandardSchema(schema) ? standardCheck(schema) : classInputCheck(schema);
  throw new TriggersError(
    'TRG_DEF_INVALID_OPTION',
    `${where} is ${schema === undefined ? 'undefined (a circular import?)' : typeof schema}. ` +
      'It takes a class or a Standard Schema (zod, valibot, arktype, …).',
  );
}

function isSchemaLike(schema: unknown): schema is InputSchema {
  if (typeof schema === 'function') return true;
  return typeof schema === 'object' && schema !== null && '~standard' in schema;
}

function standardCheck(schema: StandardSchema): InputCheck {
  return {
    jsonSchema: () => jsonSchemaOf(schema as unknown as JsonSchemaSource),
    problems: async (context) => {
      const { issues } = await schema['~standard'].validate(context);
      return (issues ?? []).map((issue) => `${pathOf(issue)}: ${issue.message}`);
    },
  };
}

function jsonSchemaOf(schema: JsonSchemaSource): object | null {
  try {
    return schema['~standard'].jsonSchema?.input?.(TARGET) ?? schema.toJSONSchema?.() ?? null;
  } catch {
    // Libraries throw for types that JSON Schema cannot say (a Date, a transformation).
    return null;
  }
}

function pathOf({ path = [] }: StandardIssue): string {
  if (path.length === 0) return '(context)';
  return path
    .map((segment) => (typeof segment === 'object' ? segment.key : segment))
    .map((key, depth) => (typeof key === 'number' ? `[${key}]` : `${depth === 0 ? '' : '.'}${String(key)}`))
    .join('');
}
