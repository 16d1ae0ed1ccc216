import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '..', '..', '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8').trim();

/** The code block of a language in the section "In a project of your own". */
function blockOf(language: string): string {
  const [, section = ''] = read('README.md').split('### In a project of your own');
  const [own = ''] = section.split('\n### ');
  const found = new RegExp('```' + language + '\\n([\\s\\S]*?)\\n```').exec(own)?.[1];
  if (found === undefined) throw new Error(`README.md has no ${language} program`);
  return found.trim();
}

// `npm run test:languages` runs these examples.
test.each([
  ['ts', 'examples/existing-image-ts/index.ts'],
  ['python', 'examples/existing-image-python/__main__.py'],
  ['go', 'examples/existing-image-go/main.go'],
  ['java', 'examples/existing-image-java/src/main/java/demo/App.java'],
])('the %s program of the README is the one in %s', (language, path) => {
  expect(blockOf(language)).toBe(read(path));
});

test('the YAML program of the README is the one in examples/existing-image-yaml', () => {
  expect(read('examples/existing-image-yaml/Pulumi.yaml').endsWith(blockOf('yaml'))).toBe(true);
});
