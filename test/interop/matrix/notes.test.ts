import { signWithOurs } from '../support/ours';
import { pushImage } from '../support/images';
import { startStack, type Stack } from '../support/stack';
import { runTool } from '../support/tools';
import { sigstorePython } from './support/bundle-verifiers';
import { isSample } from './support/cases';
import { containersPolicy, requirementOf, writePolicy } from './support/containers-verifiers';
import { cosign2 } from './support/cosign-verifiers';
import { programs } from './support/programs';
import { record } from './support/record';
import { EMAIL, signedCase, type SignedCase } from './support/signed';
import { type Trust, writeTrust } from './support/trust';

/** What the documents say about verifiers beside the matrix, each tried. */
let stack: Stack;
let trust: Trust;
beforeAll(async () => {
  stack = await startStack({ referrersApi: true });
  trust = await writeTrust(stack);
});
afterAll(() => stack.close());

const signs = (format: 'bundle' | 'legacy', signer: 'key' | 'keyless', transparency = 'log v1') =>
  signedCase(stack, { format, signer, transparency: transparency as 'log v1' });

describe('containers policy', () => {
  const evaluate = async (signed: SignedCase, change: object = {}, identity = {}) => {
    const request = { stack, trust, signed, purpose: 'signature', trusts: 'signer' } as const;
    const requirement = requirementOf(request) as { readonly fulcio?: object };
    const { policy, registriesD } = await writePolicy(stack, {
      ...requirement,
      ...(requirement.fulcio && { fulcio: { ...requirement.fulcio, ...identity } }),
      ...change,
    });
    const { reference } = signed.image;
    return runTool(programs()['containers-policy'], [policy, registriesD, reference], {
      env: { HOME: stack.folder },
    });
  };

  test('refuses a repository without a tag by default, and accepts it with matchRepository', async () => {
    const signed = await signs('legacy', 'key', 'none');
    const image = await pushImage(stack.registry.host);
    await signWithOurs(image, signed.signer, { format: 'legacy' });
    const bare = { ...signed, image };
    expect((await evaluate(signed)).code).toBe(0);
    const refused = await evaluate(bare);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/is not accepted/);
    expect(await evaluate(bare, { signedIdentity: { type: 'matchRepository' } })).toMatchObject({
      code: 0,
    });
    record({
      verifier: containersPolicy.name,
      note: 'By default it refuses a signature that claims a repository without a tag, as cosign and this package make it unless `signedIdentity` is set. `"signedIdentity": { "type": "matchRepository" }` in its policy accepts one.',
    });
  });

  test('knows an identity only as an e-mail address', async () => {
    const of = { format: 'legacy', signer: 'keyless', transparency: 'log v1' } as const;
    const person = await signedCase(stack, of);
    const workflow = await signedCase(stack, of, 'workflow');
    expect((await evaluate(person)).code).toBe(0);
    const identity = workflow.signer.identities[0]?.identity;
    for (const subjectEmail of [identity, EMAIL]) {
      const { code, stderr } = await evaluate(workflow, {}, { subjectEmail });
      expect(code).toBe(1);
      expect(stderr).toMatch(/email/i);
    }
    record({
      verifier: containersPolicy.name,
      note: 'It knows an identity only as an e-mail address (`subjectEmail`): it cannot accept certificates of workflows, whose identity is a URI. Sign with a key for it.',
    });
  });
});

const full = isSample ? describe.skip : describe;

full('sigstore-python', () => {
  test('requires a name of the subject, which signatures by cosign do not have', async () => {
    const image = await pushImage(stack.registry.host);
    const token = stack.sigstore.issuer.token({ subject: 'person', email: EMAIL });
    const made = await stack.cosign([
      ...['sign', '--signing-config', stack.signingConfig.log, '--trusted-root', stack.trustedRoot],
      ...['--identity-token', token, image.reference],
    ]);
    expect(made).toMatchObject({ code: 0 });
    const ours = await signs('bundle', 'keyless');
    const verify = (signed: SignedCase) =>
      sigstorePython.verify({ stack, trust, signed, purpose: 'signature', trusts: 'signer' });
    expect(await verify(ours)).toMatchObject({ code: 0 });
    const theirs = await verify({ ...ours, image });
    expect(theirs?.code).not.toBe(0);
    expect(`${theirs?.stdout}${theirs?.stderr}`).toMatch(/name/);
    record({
      verifier: sigstorePython.name,
      note: 'It requires a name of each subject. Signatures by this package have one, signatures by `cosign sign` do not.',
    });
  });
});

(cosign2.isInstalled === true && !isSample ? describe : describe.skip)('cosign 2.6', () => {
  const verifies = (args: readonly string[], env = {}) =>
    stack.cosign(args, env, programs().cosign2);
  const byKey = ({ publicKey = '' }: SignedCase) => ['--key', publicKey];
  const byEmail = () => [
    ...['--certificate-identity', EMAIL],
    ...['--certificate-oidc-issuer', stack.sigstore.issuer.url],
  ];

  test('does not compare annotations of bundles', async () => {
    const signed = await signs('bundle', 'key', 'none');
    const { reference } = signed.image;
    const args = ['verify', ...byKey(signed), '--insecure-ignore-tlog', '-a', 'commit=other'];
    const root = ['--trusted-root', stack.trustedRoot];
    expect(await verifies([...args, '--new-bundle-format', ...root, reference])).toMatchObject({
      code: 0,
    });
    expect((await stack.cosign([...args, reference])).code).not.toBe(0);
    record({
      verifier: cosign2.name,
      note: 'It does not compare annotations (`-a`) of bundles: use cosign 3, or the format `legacy`.',
    });
  });

  test('requires a trusted root for bundles of a key without a log', async () => {
    const signed = await signs('bundle', 'key', 'none');
    const args = ['verify', ...byKey(signed), '--insecure-ignore-tlog', '--new-bundle-format'];
    const { reference } = signed.image;
    expect((await verifies([...args, reference])).code).not.toBe(0);
    const root = ['--trusted-root', stack.trustedRoot];
    expect(await verifies([...args, ...root, reference])).toMatchObject({ code: 0 });
    record({
      verifier: cosign2.name,
      note: 'It requires a trusted root for every bundle, also for a key without a log, where nothing of it is used: without `--trusted-root` it loads the public one.',
    });
  });

  test('takes no trusted root for legacy attestations of an identity', async () => {
    const signed = await signs('legacy', 'keyless');
    const command = ['verify-attestation', '--type', 'slsaprovenance1', ...byEmail()];
    const root = ['--trusted-root', stack.trustedRoot];
    const { reference } = signed.image;
    const refused = await verifies([...command, ...root, reference]);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toMatch(/trusted root path currently only supported/);
    record({
      verifier: cosign2.name,
      note: '`verify-attestation` refuses `--trusted-root` for legacy attestations of an identity: a private instance is set with the variables `SIGSTORE_*`.',
    });
  });
});
