import type { SnakeCase } from '../../libs/triggers/src/discovery/snake-case.js';
import { assertType } from './equal.js';
import type { Equal } from './equal.js';

assertType<Equal<SnakeCase<'validateFile'>, 'validate_file'>>();
assertType<Equal<SnakeCase<'validate_file'>, 'validate_file'>>();
assertType<Equal<SnakeCase<'step2Run'>, 'step2_run'>>();
assertType<Equal<SnakeCase<'URLWatcher'>, 'url_watcher'>>();
assertType<Equal<SnakeCase<'parseURL'>, 'parse_url'>>();
assertType<Equal<SnakeCase<'aBC'>, 'a_bc'>>();
assertType<Equal<SnakeCase<'$readAll'>, '$read_all'>>();

// @ts-expect-error -- words are parted
assertType<Equal<SnakeCase<'validateFile'>, 'validatefile'>>();
