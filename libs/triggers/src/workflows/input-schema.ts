import type { AnyClass } from '../discovery/metadata.js';

/** What a validation library that follows standardschema.dev offers (zod, valibot, arktype, …); the part that is used. */
export interface StandardSchema<Input = unknown> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult | Promise<StandardResult>;
    readonly types?: { readonly input: Input; readonly output: unknown } | undefined;
  };
}

/** What a {@link StandardSchema} answers: no issues means that the value fits. */
export interface StandardResult {
  readonly issues?: readonly StandardIssue[] | undefined;
}

/** One thing that is wrong with a value. */
export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** How a workflow declares its input: a class (with or without class-validator decorators) or a Standard Schema. */
export type InputSchema = AnyClass | StandardSchema;

/** The type that a declared input stands for. */
export type InputOf<I> = I extends { readonly '~standard': { readonly types?: infer Types } }
  ? NonNullable<Types> extends { readonly input: infer Input }
    ? Input
    : unknown
  : I extends abstract new (...args: never[]) => infer Instance
    ? Instance
    : unknown;

/** Whether a declared input is a Standard Schema; asked first, because some libraries make functions. */
export function isStandardSchema(schema: InputSchema): schema is StandardSchema {
  return '~standard' in schema;
}
