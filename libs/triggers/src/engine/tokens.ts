/** Injects the resolved options of the engine. */
export const ENGINE_OPTIONS = Symbol.for('nestjs-triggers:engine-options');
