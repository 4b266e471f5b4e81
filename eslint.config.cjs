// The rules live in .eslintrc.json; this file only loads them into ESLint's flat config.
const js = require('@eslint/js');
const { FlatCompat } = require('@eslint/eslintrc');

const compat = new FlatCompat({ baseDirectory: __dirname, recommendedConfig: js.configs.recommended });

module.exports = [
  { ignores: ['dist/**', 'node_modules/**', '.run/**'] },
  ...compat.config(require('./.eslintrc.json')),
];
