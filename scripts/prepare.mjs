// `npm install` runs this: the git hooks are for people with a checkout, not for CI, a tarball or a production install.
import { existsSync } from 'node:fs';

if (existsSync('.git') && !process.env.CI) {
  try {
    const { default: husky } = await import('husky');
    const problem = husky();
    if (problem) process.stderr.write(`git hooks not installed: ${problem}\n`);
  } catch (error) {
    if (error?.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  }
}
