import { Matches, MaxLength } from 'class-validator';

/** What `file_processor` is started with, by the trigger or by hand. */
export class FileArrived {
  /** The name of a file directly in the inbox: no path, and no dot file. */
  @MaxLength(255)
  @Matches(/^[^./\\][^/\\]*$/, { message: 'filename must be the name of a file in the inbox, without a path' })
  readonly filename!: string;
}
