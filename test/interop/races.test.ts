import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { RegistryRequest } from '../../dev/registry';
import { type PushedImage, pushImage } from './support/images';
import { BUILDER, policyOf, signWithOurs, verifyWithOurs } from './support/ours';
import { COSIGN_KEY_ENV, type TestSigner, testSigner } from './support/signers';
import { type Stack, startStack } from './support/stack';

/** A tag that cosign and we both add to, and how cosign is made to. */
interface Shared {
  readonly suffix: '' | '.sig' | '.att';
  readonly format: 'bundle' | 'legacy';
  readonly command: 'sign' | 'attest';
}

const TAGS: readonly Shared[] = [
  { suffix: '.sig', format: 'legacy', command: 'sign' },
  { suffix: '.att', format: 'legacy', command: 'attest' },
  { suffix: '', format: 'bundle', command: 'sign' },
];

const PREDICATE = {
  buildDefinition: { buildType: 'https://example.com/build/v1', externalParameters: {} },
  runDetails: { builder: { id: BUILDER } },
};

let stack: Stack;
let ours: TestSigner;
let theirs: TestSigner;

beforeAll(async () => {
  stack = await startStack({ referrersApi: false });
  await writeFile(join(stack.folder, 'predicate.json'), JSON.stringify(PREDICATE));
  [ours, theirs] = [await testSigner(stack, 'key'), await testSigner(stack, 'key')];
});
afterAll(() => stack.close());
afterEach(() => {
  stack.registry.settings.faults = undefined;
});

const tagOf = (image: PushedImage, { suffix }: Shared): string =>
  `${image.digest.replace(':', '-')}${suffix}`;
const pathOf = (image: PushedImage): string =>
  image.repository.slice(image.repository.indexOf('/') + 1);
const isOurs = ({ headers }: RegistryRequest): boolean =>
  headers['user-agent'] === 'pulumi-signed-image';

async function cosign(image: PushedImage, { format, command }: Shared): Promise<void> {
  const services =
    format === 'bundle'
      ? ['--signing-config', stack.signingConfig.none, '--trusted-root', stack.trustedRoot]
      : ['--use-signing-config=false', '--new-bundle-format=false', '--tlog-upload=false'];
  const predicate = ['--type', 'slsaprovenance1', '--predicate', 'predicate.json'];
  const key = ['--key', theirs.config.key?.ref ?? ''];
  const what = command === 'attest' ? predicate : [];
  const args = [command, ...services, ...key, ...what, image.reference];
  const run = await stack.cosign(args, COSIGN_KEY_ENV);
  if (run.code !== 0) throw new Error(run.stderr);
}

const weSign = (image: PushedImage, { format, command }: Shared): Promise<void> =>
  signWithOurs(image, ours, { format, provenance: command === 'attest' });

/** Theirs in the part that they wrote, ours in all that we wrote. */
async function bothAreThere(image: PushedImage, shared: Shared): Promise<void> {
  const { format, command } = shared;
  const provenance = command === 'attest' ? { builderId: BUILDER } : undefined;
  const policy = policyOf(stack, ours, { format, provenance });
  expect(await verifyWithOurs(image, policy)).toMatchObject({ verified: true });
  const { store } = stack.registry;
  const manifest = store.getManifest(pathOf(image), tagOf(image, shared));
  const { layers, manifests } = JSON.parse(manifest?.bytes.toString('utf8') ?? '{}');
  expect(layers ?? manifests).toHaveLength(2);
  const [verify, what] =
    command === 'attest' ? ['verify-attestation', ['--type', 'slsaprovenance1']] : ['verify', []];
  const old = format === 'legacy' ? ['--new-bundle-format=false'] : [];
  for (const signer of [theirs, ours]) {
    const run = await stack.cosign([verify, ...old, ...what, ...signer.cosign, image.reference]);
    expect(run).toMatchObject({ code: 0 });
  }
}

const until = async (is: () => boolean): Promise<undefined> => {
  while (!is()) await new Promise((resolve) => setTimeout(resolve, 2));
  return undefined;
};

describe.each(TAGS)('tag sha256-...$suffix, which real cosign writes as well', (shared) => {
  let image: PushedImage;
  let tag: string;
  const now = () => stack.registry.store.resolve(pathOf(image), tag);
  const isWrite = ({ method, path }: RegistryRequest): boolean =>
    method === 'PUT' && path.endsWith(`/${tag}`);

  beforeEach(async () => {
    image = await pushImage(stack.registry.host);
    tag = tagOf(image, shared);
  });

  test('what cosign undoes of ours, as it knows no conditions, is written again', async () => {
    let signing: Promise<void> | undefined;
    let weWrote = false;
    let first: string | undefined;
    const cosignWrote = () => first !== undefined && now() !== first;
    stack.registry.settings.faults = (request) => {
      if (!request.path.endsWith(`/${tag}`)) return undefined;
      if (isOurs(request)) {
        // Read back only after cosign's write: else nothing is undone before we stop reading.
        if (weWrote && !cosignWrote()) return until(cosignWrote);
        weWrote ||= isWrite(request);
        return undefined;
      }
      if (!isWrite(request) || signing) return undefined;
      signing = weSign(image, shared);
      return until(() => (first = now()) !== undefined);
    };
    await cosign(image, shared);
    expect(signing).toBeDefined();
    await signing;
    await bothAreThere(image, shared);
  });

  test('what cosign wrote between our read and our write is kept', async () => {
    let other: Promise<void> | undefined;
    stack.registry.settings.faults = async (request) => {
      if (!isWrite(request) || !isOurs(request) || other) return undefined;
      other = cosign(image, shared);
      await other;
      return undefined;
    };
    await weSign(image, shared);
    expect(other).toBeDefined();
    await bothAreThere(image, shared);
  });
});
