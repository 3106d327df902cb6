/** Packages are loaded once for all mutants, by Node itself instead of anew for every mutant: they do not change. */
module.exports = {
  process: (_source, path) => ({ code: `module.exports = loadPackage(${JSON.stringify(path)});` }),
  getCacheKey: (_source, path) => `native:${path}`,
};
