type IsUpper<C extends string> = C extends Lowercase<C> ? false : true;
type IsLower<C extends string> = C extends Uppercase<C> ? false : true;

type StartsLower<S extends string> = S extends `${infer C}${string}` ? IsLower<C> : false;
type KindOf<C extends string> = IsUpper<C> extends true ? 'upper' : C extends '_' | '$' ? 'none' : 'lower';

/** An underscore goes between `aB`, and before the last of several capitals that starts a word: `URLPath`. */
type Gap<Before extends string, Rest extends string> = Before extends 'lower'
  ? '_'
  : Before extends 'upper'
    ? StartsLower<Rest> extends true
      ? '_'
      : ''
    : '';

type Walk<S extends string, Before extends string, Done extends string> = S extends `${infer C}${infer Rest}`
  ? IsUpper<C> extends true
    ? Walk<Rest, 'upper', `${Done}${Gap<Before, Rest>}${Lowercase<C>}`>
    : Walk<Rest, KindOf<C>, `${Done}${C}`>
  : Done;

/** The snake_case form of a name, at compile time; the same as {@link snakeCase}. */
export type SnakeCase<S extends string> = Walk<S, 'none', ''>;

/**
 * The snake_case form of a method or class name.
 *
 * @example snakeCase('validateFile') // 'validate_file'
 * @example snakeCase('URLWatcher') // 'url_watcher'
 */
export function snakeCase<const S extends string>(name: S): SnakeCase<S> {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase() as SnakeCase<S>;
}
