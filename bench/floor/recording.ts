/** What an application asked its database to write, to be run again by the driver alone. */
export interface Recording {
  /** Runs all of it on a copy of the database as it was before the application started; tells the ms. */
  replay(): Promise<number>;
}
