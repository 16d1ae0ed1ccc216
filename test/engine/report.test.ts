import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { type EngineUnderTest, enginesUnderTest } from '../../dev/engine/under-test';
import { createReport } from '../../src/report';
import { type PushedImage, pushImage } from '../interop/support/images';
import { asStackExport } from '../report/support/recorded';
import { bundlesOf } from './support/registry-content';
import { openStage, saidBy, SCENARIO, secret, type Stage } from './support/stage';

const IDENTITY = 'https://ci.example.test/team/app/release.yml@refs/heads/main';

describe.each(enginesUnderTest())('the report of a stack on the $engine engine', (kind) => {
  let stage: Stage;
  let engine: EngineUnderTest;
  let summary: string;
  let gone: PushedImage;
  let existing: PushedImage;
  let images: Readonly<Record<string, unknown>>;
  let failing: Readonly<Record<string, unknown>>;

  beforeAll(async () => {
    stage = await openStage();
    summary = join(stage.stateDir, 'summary.md');
    engine = stage.stack(kind, {
      SIGNED_IMAGE_JOB_SUMMARY: 'true',
      GITHUB_STEP_SUMMARY: summary,
    });
    const { registry, sigstore, key } = stage;
    [existing, gone] = [await pushImage(registry.host), await pushImage(registry.host)];
    const worker = await pushImage(registry.host);
    const { fulcioUrl, rekorUrl, tsaUrl } = sigstore;
    const trustedRoot = JSON.stringify(sigstore.trustedRoot);
    const byKey = { key: { ref: key.ref, password: secret(key.password) } };
    images = {
      web: {
        image: `${registry.host}/shop/web:v1`,
        build: { context: 'app', platforms: ['linux/amd64', 'linux/arm64'] },
        ...byKey,
        transparency: 'private',
        sigstore: { rekorUrl, trustedRoot },
        annotations: { team: '<b>shop</b> | [checkout](https://example.test)' },
      },
      api: {
        image: existing.reference,
        keyless: {
          tokenFile: stage.newToken('job', { subject: IDENTITY }).path,
          issuer: sigstore.issuer.url,
        },
        sigstore: { fulcioUrl, rekorUrl, tsaUrl, trustedRoot },
      },
      cache: { image: gone.reference, ...byKey, format: 'both' },
    };
    // Its verification fails: this annotation was not signed.
    const verify = { annotations: { tier: 'gold' } };
    failing = { worker: { image: worker.reference, ...byKey, verify } };
  });
  afterAll(() => stage.close());

  it(
    'is created from the state of images that were built, exist, drifted and failed',
    async () => {
      const deploy = ['web', 'api'];
      stage.declare({ use: 'remote', images, deploy });
      expect((await engine.up()).errors).toEqual([]);
      stage.declare({ use: 'remote', images: { ...images, ...failing }, deploy });
      const up = await engine.up();
      expect(up.ok).toBe(false);
      expect(saidBy(up)).toContain('tier');
      const path = gone.repository.slice(gone.repository.indexOf('/') + 1);
      for (const { digest } of bundlesOf(stage.registry, path, gone.digest)) {
        stage.registry.store.deleteManifest(path, digest);
      }
      await engine.refresh();
      const state = await engine.exportState();
      const report = createReport({ stackState: asStackExport(state), now: new Date() });
      expect(report.images.map(({ name, status }) => [name, status])).toEqual([
        ['cache', 'problem'],
        ['worker', 'problem'],
        ['api', 'verified'],
        ['web', 'verified'],
      ]);
      const markdown = readFileSync(summary, 'utf8');
      const sections = markdown.split('\n').filter((line) => line.startsWith('### '));
      expect(sections.sort()).toEqual([
        '### ✅ `api`: verified',
        '### ✅ `cache`: verified',
        '### ✅ `web`: verified',
        '### ❌ `worker`: problem',
      ]);
      expect(markdown).toContain('[VERIFY_ANNOTATION_MISMATCH]');
      expect(markdown).not.toContain(stage.key.password);
      const record = process.env['RECORD_REPORT_STATE'];
      if (record) {
        const names = [
          [stage.registry.host, 'registry.example.test'],
          [stage.sigstore.issuer.url, 'https://oidc.example.test'],
        ] as const;
        const text = JSON.stringify(JSON.parse(state), undefined, 1);
        writeFileSync(
          record,
          names.reduce((all, [from, to]) => all.replaceAll(from, to), text),
        );
      }
    },
    SCENARIO,
  );
});
