import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { OPTIONAL } from '../../../dev/release/plugin-files';

const ROOT = resolve(__dirname, '..', '..', '..');

interface Dependent {
  readonly version: string;
  readonly files: readonly string[];
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

const read = (path: string): Dependent =>
  JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as Dependent;

describe('the plugin that `pulumi package add` of the git repository installs', () => {
  const { version, files, peerDependencies } = read('package.json');

  it('is the published package of this version, with the optional packages that the archives contain', () => {
    // Pulumi installs the plugins of the packages that a plugin depends on: this one is not worth its download.
    const names = OPTIONAL.filter((name) => name !== '@pulumi/kubernetes');
    expect(read('git-plugin/package.json').dependencies).toEqual({
      ...Object.fromEntries(names.map((name) => [name, peerDependencies[name]])),
      'pulumi-signed-image': version,
    });
  });

  it('is not in the npm package', () => {
    expect(files).not.toContain('git-plugin');
  });
});
