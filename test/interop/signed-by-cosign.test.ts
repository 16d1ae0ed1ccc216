import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { StoredFormat } from '../../src/sign';
import { type PushedImage, pushImage, pushIndex } from './support/images';
import { ANNOTATIONS, BUILDER, policyOf, verifyWithOurs } from './support/ours';
import {
  COSIGN_KEY_ENV,
  IDENTITY,
  SIGNER_KINDS,
  type SignerKind,
  type TestSigner,
  testSigner,
} from './support/signers';
import { type Stack, startStack } from './support/stack';

const PREDICATE = {
  buildDefinition: {
    buildType: 'https://example.com/build/v1',
    externalParameters: { target: 'release' },
    resolvedDependencies: [{ uri: 'git+https://example.com/a', digest: { gitCommit: 'abcd' } }],
  },
  runDetails: { builder: { id: BUILDER } },
};

describe.each([true, false])('referrers API: %s', (referrersApi) => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await startStack({ referrersApi });
    await writeFile(join(stack.folder, 'predicate.json'), JSON.stringify(PREDICATE));
  });
  afterAll(() => stack.close());

  /** The services by URL for legacy, by signing config for bundles. */
  function services(kind: SignerKind, format: StoredFormat): string[] {
    const { fulcioUrl, rekorUrl, tsaUrl } = stack.sigstore;
    const stamped = kind.endsWith('timestamp');
    if (format === 'bundle') {
      const config = kind === 'key' ? 'none' : stamped ? 'log+tsa' : 'log';
      return ['--signing-config', stack.signingConfig[config], '--trusted-root', stack.trustedRoot];
    }
    return [
      '--use-signing-config=false',
      '--new-bundle-format=false',
      ...(kind === 'key' ? ['--tlog-upload=false'] : ['--rekor-url', rekorUrl]),
      ...(kind.startsWith('keyless') ? ['--fulcio-url', fulcioUrl] : []),
      ...(stamped ? ['--timestamp-server-url', tsaUrl] : []),
      '--trusted-root',
      stack.trustedRoot,
    ];
  }

  async function cosign(args: readonly string[]): Promise<void> {
    const run = await stack.cosign(args, COSIGN_KEY_ENV);
    if (run.code !== 0) throw new Error(run.stderr);
  }

  const kinds = referrersApi ? SIGNER_KINDS : (['key', 'keyless + log'] as const);
  const rows = kinds.flatMap((kind) =>
    (['bundle', 'legacy'] as const).map((format) => [kind, format] as const),
  );
  describe.each(rows)('%s, format %s', (kind, format) => {
    let signer: TestSigner;
    let who: string[];
    let image: PushedImage;

    beforeAll(async () => {
      signer = await testSigner(stack, kind);
      who = kind.startsWith('keyless')
        ? ['--identity-token', stack.sigstore.issuer.token({ subject: IDENTITY })]
        : await importedKey(signer);
      image = await pushIndex(stack.registry.host);
      const annotations = Object.entries(ANNOTATIONS).flatMap(([k, v]) => ['-a', `${k}=${v}`]);
      await cosign([
        'sign',
        '--recursive',
        ...services(kind, format),
        ...who,
        ...annotations,
        image.reference,
      ]);
      for (const { digest } of [image, ...image.platforms]) {
        await cosign([
          'attest',
          ...services(kind, format),
          ...who,
          '--type',
          'slsaprovenance1',
          '--predicate',
          'predicate.json',
          `${image.repository}@${digest}`,
        ]);
      }
    });

    /** cosign signs with keys in its own format only. */
    async function importedKey({ config }: TestSigner): Promise<string[]> {
      const ref = config.key?.ref ?? '';
      if (!kind.startsWith('RSA')) return ['--key', ref];
      const name = `imported-${format}`;
      await cosign(['import-key-pair', '--key', ref, '--output-key-prefix', name]);
      return ['--key', `${name}.key`];
    }

    test('we verify signature, annotations and provenance of image and platforms', async () => {
      const provenance = {
        builderId: BUILDER,
        commit: 'abcd',
        externalParameters: { target: 'release' },
      };
      const report = await verifyWithOurs(image, policyOf(stack, signer, { format, provenance }));
      expect(report).toMatchObject({
        verified: true,
        imageRef: image.reference,
        annotations: ANNOTATIONS,
      });
      expect(report.signer?.kind).toBe(kind.startsWith('keyless') ? 'keyless' : 'key');
    });

    test('we refuse what it does not say', async () => {
      const refusal = (change: Parameters<typeof policyOf>[2]) =>
        expect(verifyWithOurs(image, policyOf(stack, signer, { format, ...change }))).rejects;
      await refusal({ annotations: { commit: 'another' } }).toMatchObject({
        code: 'VERIFY_ANNOTATION_MISMATCH',
      });
      await refusal({ provenance: { builderId: 'https://another.example' } }).toMatchObject({
        code: 'VERIFY_PROVENANCE_MISMATCH',
      });
    });
  });

  test('cosign refuses the timestamp that it made of a legacy attestation itself', async () => {
    const signer = await testSigner(stack, 'keyless + log + timestamp');
    const { reference } = await pushImage(stack.registry.host);
    const type = ['--type', 'slsaprovenance1'];
    const token = ['--identity-token', stack.sigstore.issuer.token({ subject: IDENTITY })];
    const what = [...type, '--predicate', 'predicate.json', reference];
    await cosign(['attest', ...services('keyless + log + timestamp', 'legacy'), ...token, ...what]);
    const run = await stack.cosign([
      'verify-attestation',
      '--new-bundle-format=false',
      ...type,
      ...signer.cosign,
      reference,
    ]);
    // It requires a timestamp over the whole envelope, as we create it, and creates one over the signature.
    expect(run.code).toBe(1);
    expect(run.stderr).toContain("hashed messages don't match");
  });

  test('an image that cosign did not sign is unsigned', async () => {
    const signer = await testSigner(stack, 'key');
    const image = await pushImage(stack.registry.host);
    await expect(verifyWithOurs(image, policyOf(stack, signer))).rejects.toMatchObject({
      code: 'VERIFY_UNSIGNED',
    });
  });
});
