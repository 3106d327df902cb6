import type { Duration } from '../../../model/duration.js';
import { durationMs, invalid, oneOf, text } from '../option.checks.js';
import { pathTest } from './file-pattern.js';
import type { PathTest } from './file-pattern.js';

/** A file that was found. */
export interface FoundFile {
  /** The whole path. */
  readonly path: string;
  /** The path inside the folder, with `/` on every system: `a.csv`, or `2026/a.csv` where it is searched recursively. */
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** When its content was changed last: an ISO 8601 instant, to the millisecond. */
  readonly modifiedAt: string;
}

/** What `directoryTrigger` and {@link DirectorySource} look for. */
export interface DirectoryOptions {
  /** The folder; a relative one is looked up from where the process was started. */
  readonly path: string;
  /** Also files in folders of the folder. @default DEFAULT_DIRECTORY_OPTIONS.recursive */
  readonly recursive?: boolean;
  /**
   * Which files: `*.csv`, or with a `/` for the path inside the folder: `in/**\/*.{csv,txt}`. @default DEFAULT_DIRECTORY_OPTIONS.pattern
   */
  readonly pattern?: string;
  /** Patterns of files and folders that are passed over. @default DEFAULT_DIRECTORY_OPTIONS.ignore */
  readonly ignore?: readonly string[];
  /** `new`: each path fires once. `changed`: it fires again with another time or size. @default DEFAULT_DIRECTORY_OPTIONS.on */
  readonly on?: 'new' | 'changed';
  /** A file fires when its size and times have been the same for so long. @default DEFAULT_DIRECTORY_OPTIONS.settle */
  readonly settle?: Duration;
}

/** The defaults of {@link DirectoryOptions}. */
export const DEFAULT_DIRECTORY_OPTIONS = {
  recursive: false,
  pattern: '*',
  ignore: ['.*', '*.part', '*.partial', '*.crdownload', '*.tmp', '~*'],
  on: 'changed',
  settle: '2s',
} as const satisfies Partial<DirectoryOptions>;

/** {@link DirectoryOptions} with nothing left open. */
export interface ResolvedDirectoryOptions {
  readonly path: string;
  readonly recursive: boolean;
  readonly accepts: PathTest;
  readonly ignores: PathTest;
  readonly on: 'new' | 'changed';
  readonly settleMs: number;
}

/** @throws TRG_DEF_INVALID_OPTION, TRG_DEF_INVALID_DURATION */
export function resolveDirectoryOptions(given: DirectoryOptions, where: string): ResolvedDirectoryOptions {
  const { path, recursive, pattern, ignore, on, settle } = { ...DEFAULT_DIRECTORY_OPTIONS, ...given };
  if (!Array.isArray(ignore)) throw invalid(where, 'ignore', ignore, 'a list of patterns');
  const ignored = (ignore as readonly unknown[]).map((one) => pathTest(one, where, 'ignore'));
  return {
    path: text(where, 'path', path, 'the path of a folder'),
    recursive: oneOf(where, 'recursive', recursive, [true, false]),
    accepts: pathTest(pattern, where, 'pattern'),
    ignores: (file) => ignored.some((ignores) => ignores(file)),
    on: oneOf(where, 'on', on, ['new', 'changed']),
    settleMs: durationMs(where, 'settle', settle),
  };
}
