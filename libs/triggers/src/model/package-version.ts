/** The version of this package, as nodes tell it to each other; a test keeps it equal to package.json. */
export const PACKAGE_VERSION = '0.1.0';
