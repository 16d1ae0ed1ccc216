import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { enginesUnderTest } from '../../dev/engine/under-test';
import { bundlesOf } from '../engine/support/registry-content';
import { openStage, SCENARIO, type Stage } from '../engine/support/stage';

const PROGRAM = resolve(__dirname, '..', '..', 'dev', 'release', 'image');
const IDENTITY = 'https://ci.example.test/team/app/release.yml@refs/heads/main';

describe.each(enginesUnderTest())('the program of the release workflow, on $engine', (kind) => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await openStage();
    rmSync(join(stage.projectDir, 'index.js'));
    const declared = stage.read('Pulumi.yaml').replace(/^name: .*/, 'name: signed-image-release');
    cpSync(PROGRAM, stage.projectDir, { recursive: true });
    // The plugin is that of this clone, named with its whole path.
    expect(readFileSync(join(PROGRAM, 'Pulumi.yaml'), 'utf8')).toContain('path: ../../../plugin');
    stage.write('Pulumi.yaml', declared);
    stage.write('files/SHA256SUMS', 'digests\n');
    stage.commit('release');
  });
  afterAll(() => stage.close());

  it(
    'publishes the files as an image with a keyless signature and provenance',
    async () => {
      const { fulcioUrl, rekorUrl, tsaUrl, trustedRoot } = stage.sigstore;
      const { token } = stage.newToken('job', { subject: IDENTITY });
      const engine = stage.stack(kind, { SIGSTORE_ID_TOKEN: token });
      const image = `${stage.registry.host}/team/release:v0.1.0`;
      await engine.setConfig('signed-image-release:image', image);
      await engine.setConfig('signed-image-release:files', 'files');
      await engine.setConfig(
        'signed-image:sigstore',
        JSON.stringify({ fulcioUrl, rekorUrl, tsaUrl, trustedRoot: JSON.stringify(trustedRoot) }),
      );
      const up = await engine.up();
      expect(up.errors).toEqual([]);
      const { imageRef } = (await engine.outputs()) as { imageRef: string };
      const digest = imageRef.slice(imageRef.indexOf('@') + 1);
      const bundles = bundlesOf(stage.registry, 'team/release', digest);
      expect(bundles.map(({ purpose }) => purpose).sort()).toEqual(['provenance', 'signature']);
    },
    2 * SCENARIO,
  );
});
