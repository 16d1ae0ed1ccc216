import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { commandReference, withCommandReference } from '../../../dev/docs/command-line';
import { COMMANDS } from '../../../src/cli/commands';

const page = readFileSync(join(resolve(__dirname, '../../..'), 'docs/reference/cli.md'), 'utf8');

describe('docs/reference/cli.md', () => {
  it('is what `npm run docs` writes from the commands', () => {
    expect(withCommandReference(page)).toBe(page);
    expect(page).toContain(commandReference());
  });

  it('has every command and every option', () => {
    for (const { words, options } of COMMANDS) {
      const [, part = ''] = page.split(`### ${words.join(' ')}\n`);
      const [section = ''] = part.split('\n### ');
      for (const name of Object.keys(options)) expect(section).toContain(`--${name}`);
    }
  });
});
