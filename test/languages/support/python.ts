import { readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { command } from './command';
import type { Language } from './language';
import { SDK, type World } from './world';

const sitePackages = (environment: string): string => {
  const lib = join(environment, 'lib');
  const [python = ''] = readdirSync(lib).filter((name) => name.startsWith('python'));
  return join(lib, python, 'site-packages');
};

/** A virtual environment with the generated SDK; the packages of the cached one are linked. */
async function createEnvironment(project: string, { python }: World): Promise<void> {
  const environment = join(project, 'venv');
  await command(project, [python, '-m', 'venv', '--without-pip', environment]);
  writeFileSync(
    join(sitePackages(environment), 'cached.pth'),
    `${sitePackages(dirname(dirname(python)))}\n`,
  );
  await command(project, [
    ...([python, '-m', 'pip', '--python', join(environment, 'bin/python')] as const),
    ...['install', '--quiet', '--no-deps', '--no-build-isolation', join(SDK, 'python')],
  ]);
}

export const PYTHON: Language = {
  name: 'Python',
  example: 'existing-image-python',
  sdk: 'python/pulumi_signed_image/signed_image.py',
  install: createEnvironment,
  compile: async (project, { python }) => {
    const own = join(project, 'venv/bin/python');
    await command(project, [python, '-m', 'mypy', '--strict', '--python-executable', own, '.']);
  },
  host: 'pulumi-language-python',
};
