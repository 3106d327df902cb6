export default {
  '*.{ts,mjs,cjs}': ['prettier --write', 'eslint --fix --max-warnings 0 --no-warn-ignored'],
  '*.{json,yml,yaml}': 'prettier --write',
};
