/** Declarations are written again this often, because the rows say when they were last seen. */
export const DECLARE_EVERY_MS = 180_000;
