/** What something waits for until a test says how that ends. */
export interface Gate<T> {
  readonly opened: Promise<T>;
  open(value: T): void;
  fail(error: Error): void;
}

/** Makes a {@link Gate}. */
export function gate<T = void>(): Gate<T> {
  let open!: (value: T) => void;
  let fail!: (error: Error) => void;
  const opened = new Promise<T>((resolve, reject) => {
    [open, fail] = [resolve, reject];
  });
  return { opened, open, fail };
}
