import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import {
  attestImage,
  inspectSignatures,
  PREDICATE_TYPES,
  type PredicateTypeName,
  type VerifyImageArgs,
} from '../../src/core';
import type { StoredFormat } from '../../src/sign';
import { type PushedImage, pushImage } from '../interop/support/images';
import { COSIGN_KEY_ENV, IDENTITY, type TestSigner, testSigner } from '../interop/support/signers';
import { type Stack, startStack } from '../interop/support/stack';
import { OWN_PREDICATE, OWN_TYPE, PREDICATES, SPDX_TEXT } from './support/predicates';
import { record } from './support/table';

const NAMES = Object.keys(PREDICATE_TYPES) as PredicateTypeName[];
const TYPES: readonly (readonly [type: string, predicate: string])[] = [
  ...NAMES.map((name) => [name, PREDICATES[name]] as const),
  [OWN_TYPE, OWN_PREDICATE],
];
const KINDS = { key: 'key', keyless: 'keyless + log' } as const;
const FORMATS: readonly StoredFormat[] = ['bundle', 'legacy'];
const CELLS = (['key', 'keyless'] as const).flatMap((kind) =>
  FORMATS.map((format) => [kind, format] as const),
);

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ referrersApi: true });
});
afterAll(() => stack.close());

describe.each(CELLS)('%s, format %s', (kind, format) => {
  let signer: TestSigner;
  beforeAll(async () => {
    signer = await testSigner(stack, KINDS[kind]);
  });

  /** The services by URL for legacy, by signing config for bundles. */
  function services(): readonly string[] {
    const { fulcioUrl, rekorUrl } = stack.sigstore;
    if (format === 'bundle') {
      const config = stack.signingConfig[kind === 'key' ? 'none' : 'log'];
      return ['--signing-config', config, '--trusted-root', stack.trustedRoot];
    }
    return [
      ...['--use-signing-config=false', '--new-bundle-format=false'],
      ...(kind === 'key' ? ['--tlog-upload=false'] : ['--rekor-url', rekorUrl]),
      ...(kind === 'key' ? [] : ['--fulcio-url', fulcioUrl]),
      ...['--trusted-root', stack.trustedRoot],
    ];
  }

  const verifyWithCosign = (image: PushedImage, type: string, who = signer.cosign) =>
    stack.cosign([
      'verify-attestation',
      ...['--type', type, `--new-bundle-format=${format === 'bundle'}`],
      ...who,
      image.reference,
    ]);

  const ourSigner = () => ({
    ...signer.config,
    sigstore: { ...signer.config.sigstore, trustedRoot: stack.trustedRoot },
  });

  function ourPolicy(image: PushedImage, predicateType: string): VerifyImageArgs {
    return {
      image: image.reference,
      predicateType,
      format,
      keys: signer.keys.map(({ pem }) => pem),
      identities: signer.identities,
      sigstore: { trustedRoot: stack.trustedRoot },
    };
  }

  test.each(TYPES)('cosign verifies what we attest: %s', async (type, predicate) => {
    const image = await pushImage(stack.registry.host);
    const args = { image: image.reference, predicateType: type, predicate, format, ...ourSigner() };
    const { host } = signer;
    expect((await attestImage(args, { host })).attestations).toMatchObject([
      { format, made: true },
    ]);
    const run = await verifyWithCosign(image, type);
    record({
      type,
      signer: kind,
      format,
      direction: 'ours by cosign',
      result: run.code === 0 ? 'accepted' : 'refused',
    });
    expect(run).toMatchObject({ code: 0, stderr: expect.any(String) as string });
    const payload = Buffer.from(
      (JSON.parse(run.stdout.trim().split('\n')[0] ?? '') as { payload: string }).payload,
      'base64',
    ).toString();
    expect((JSON.parse(payload) as { predicate: unknown }).predicate).toEqual(
      type === 'custom'
        ? { Data: predicate, Timestamp: expect.stringMatching(/Z$/) }
        : JSON.parse(predicate),
    );
    // The same again is not made again.
    expect((await attestImage(args, { host })).attestations).toMatchObject([{ made: false }]);
    const other = await verifyWithCosign(image, 'https://example.com/another/v1');
    expect(other.code).not.toBe(0);
    expect((await verifyWithCosign(image, type, signer.cosignOther)).code).not.toBe(0);
  });

  if (format === 'legacy')
    test('an SPDX document that is not JSON is stored for cosign 2, and verified by us', async () => {
      const image = await pushImage(stack.registry.host);
      const { host } = signer;
      const args = { image: image.reference, predicateType: 'spdx', predicate: SPDX_TEXT, format };
      await attestImage({ ...args, ...ourSigner() }, { host });
      const found = await inspectSignatures(ourPolicy(image, 'spdx'), { host });
      expect(found).toMatchObject({
        verified: true,
        report: { attestation: { predicate: SPDX_TEXT } },
      });
      // cosign 3 does not find the predicate type of a statement whose predicate is a text, not even of its own.
      const run = await verifyWithCosign(image, 'spdx');
      expect(run.stderr).toContain(
        'none of the attestations matched the predicate type: spdx, found: ',
      );
    });

  test.each(TYPES)('we verify what cosign attests: %s', async (type, predicate) => {
    const image = await pushImage(stack.registry.host);
    const file = join(stack.folder, `${image.digest.slice(-12)}.predicate`);
    await writeFile(file, predicate);
    const who =
      kind === 'key'
        ? ['--key', signer.config.key?.ref ?? '']
        : ['--identity-token', stack.sigstore.issuer.token({ subject: IDENTITY })];
    const made = await stack.cosign(
      ['attest', ...services(), ...who, '--type', type, '--predicate', file, image.reference],
      COSIGN_KEY_ENV,
    );
    if (type === 'spdx' && !(kind === 'key' && format === 'legacy')) {
      // It signs the text of the document, which its own code then refuses in a bundle and for the log.
      record({ type, signer: kind, format, direction: "cosign's by us", result: 'not possible' });
      expect(made.code).not.toBe(0);
      expect(made.stderr).toContain('validation error: invalid attestation');
      return;
    }
    expect(made).toMatchObject({ code: 0, stderr: expect.any(String) as string });
    const { host } = signer;
    const found = await inspectSignatures(ourPolicy(image, type), { host });
    record({
      type,
      signer: kind,
      format,
      direction: "cosign's by us",
      result: found.verified ? 'accepted' : 'refused',
    });
    expect(found).toMatchObject({ verified: true, unmet: [] });
    expect(found.report.attestation?.predicateType).toBe(
      type in PREDICATE_TYPES ? PREDICATE_TYPES[type as PredicateTypeName] : type,
    );
    const other = await inspectSignatures(ourPolicy(image, 'https://example.com/another/v1'), {
      host,
    });
    expect(other).toMatchObject({ verified: false });
    expect(other.unmet[0]).toContain('VERIFY_UNSIGNED');
  });
});
