import { join } from 'node:path';

import { run } from '../cli/support';
import { type PushedImage, pushImage, pushIndex } from './support/images';
import { COSIGN_KEY_ENV, cosignKeyPair, IDENTITY } from './support/signers';
import { type Stack, startStack } from './support/stack';

const BUNDLE = '--new-bundle-format=true';
const LEGACY = '--new-bundle-format=false';

let stack: Stack;
let key: { readonly private: string; readonly public: string };

beforeAll(async () => {
  stack = await startStack({ referrersApi: true });
  await cosignKeyPair(stack, 'cli');
  key = { private: join(stack.folder, 'cli.key'), public: join(stack.folder, 'cli.pub') };
});
afterAll(() => stack.close());

const sign = (image: PushedImage, ...more: readonly string[]) =>
  run(['sign', image.reference, '--key', key.private, ...more], { env: COSIGN_KEY_ENV });

const writes = (): number =>
  stack.registry.requests.filter(({ method }) => !['GET', 'HEAD'].includes(method)).length;

describe('signed-image sign with a key', () => {
  it.each([
    ['bundle', [BUNDLE]],
    ['legacy', [LEGACY]],
    ['both', [BUNDLE, LEGACY]],
  ])('cosign verifies an index and its platforms, format %s', async (format, looks) => {
    const image = await pushIndex(stack.registry.host);
    const signed = await sign(image, '--signature-format', format, '-a', 'stage=prod');
    expect(signed).toEqual({ code: 0, stdout: `${image.reference}\n`, stderr: '' });
    for (const look of looks) {
      for (const { digest } of [image, ...image.platforms]) {
        const at = `${image.repository}@${digest}`;
        const flags = ['--key', key.public, '--insecure-ignore-tlog', look];
        const verified = await stack.cosign(['verify', ...flags, '-a', 'stage=prod', at]);
        expect(verified).toMatchObject({ code: 0 });
        expect((await stack.cosign(['verify', ...flags, '-a', 'stage=test', at])).code).not.toBe(0);
      }
    }
  });

  it('writes nothing when the image is already signed', async () => {
    const image = await pushImage(stack.registry.host);
    const first = JSON.parse((await sign(image, '-o', 'json')).stdout) as {
      readonly signatures: readonly { readonly made: boolean }[];
    };
    const before = writes();
    const second = JSON.parse((await sign(image, '-o', 'json')).stdout) as typeof first;
    expect(writes()).toBe(before);
    expect([first, second].map(({ signatures: [one] }) => one?.made)).toEqual([true, false]);
  });
});

describe('signed-image sign --keyless', () => {
  it('cosign verifies the identity, and so do we', async () => {
    const image = await pushImage(stack.registry.host);
    const { issuer, fulcioUrl, rekorUrl } = stack.sigstore;
    const env = { TOKEN: issuer.token({ subject: IDENTITY }) };
    const services = ['--fulcio-url', fulcioUrl, '--rekor-url', rekorUrl];
    const root = ['--trusted-root', stack.trustedRoot];
    const signed = await run(
      ['sign', image.reference, '--keyless', '--identity-token-env', 'TOKEN', ...services, ...root],
      { env },
    );
    expect(signed).toMatchObject({ code: 0, stdout: `${image.reference}\n` });
    const names = ['--certificate-identity', IDENTITY, '--certificate-oidc-issuer', issuer.url];
    const verified = await stack.cosign(['verify', ...names, ...root, image.reference]);
    expect(verified).toMatchObject({ code: 0 });
    const ours = ['verify', image.reference, '--identity', IDENTITY, '--issuer', issuer.url];
    expect(await run([...ours, ...root])).toMatchObject({
      code: 0,
      stdout: `${image.reference}\n`,
    });
  });
});

describe('signed-image verify', () => {
  it('verifies what cosign signed, and names what is not met', async () => {
    const image = await pushImage(stack.registry.host);
    const signing = ['sign', '--key', key.private, '-a', 'stage=prod'];
    const config = ['--signing-config', stack.signingConfig.none];
    await stack.cosign([...signing, ...config, image.reference], COSIGN_KEY_ENV);
    const verify = ['verify', image.reference, '--key', key.public];
    expect(await run([...verify, '--annotation', 'stage=prod'])).toMatchObject({ code: 0 });
    const refused = await run([...verify, '--annotation', 'stage=test', '-o', 'json']);
    expect(refused.code).toBe(1);
    expect(JSON.parse(refused.stdout)).toMatchObject({
      verified: false,
      reference: image.reference,
      unmet: expect.arrayContaining([expect.stringContaining('[VERIFY_')]) as unknown,
    });
  });
});

describe('signed-image tree', () => {
  it('lists what cosign tree lists', async () => {
    const image = await pushIndex(stack.registry.host);
    await sign(image, '--signature-format', 'both');
    const { stdout } = await run(['tree', image.reference]);
    expect(stdout.split('\n')[0]).toBe(image.reference);
    for (const { digest } of image.platforms) expect(stdout).toContain(digest);
    const theirs = await stack.cosign(['tree', image.reference]);
    // Of a referrer cosign lists the manifest and its layer, of a tag the layers.
    const referrers = [...theirs.stdout.matchAll(/@(sha256:[0-9a-f]{64})/g)];
    const layers = [...theirs.stdout.matchAll(/\.sig\n\s+\S+ \S+ (sha256:[0-9a-f]{64})/g)];
    const artifacts = [...referrers, ...layers].map(([, digest]) => digest ?? '');
    expect(artifacts.length).toBe(3);
    for (const digest of artifacts) expect(stdout).toContain(digest);
  });
});
