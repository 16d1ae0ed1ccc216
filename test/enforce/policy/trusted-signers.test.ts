import { publicPem } from '../admission/support/policies';
import { DIGEST, IMAGE, pod, verification, stack } from './support/resources';
import { ask, UNKNOWN_TEXT } from './support/verdicts';

describe('images-verified, by the signers that its configuration trusts', () => {
  const [TRUSTED, STRANGER] = [publicPem(), publicPem()];
  const IDENTITY = { identity: 'https://git.example/acme/app', issuer: 'https://git.example' };
  const OTHER_IDENTITY = { ...IDENTITY, identity: 'https://git.example/acme/app)|(?:x' };
  const root = { trustedRoot: JSON.stringify({ b: 1, a: [2] }) };

  /** Said of a pod before it is made, when a verification with these inputs came before it. */
  const said = (config: object, inputs: object): readonly string[] => {
    const { before } = ask('images-verified', config);
    before(verification({ image: IMAGE, digest: DIGEST, ...inputs }));
    return before(pod(IMAGE));
  };

  test.each<[string, object, object]>([
    ['its key', { trustedKeys: [TRUSTED] }, { keys: [TRUSTED] }],
    ['one of its keys', { trustedKeys: [STRANGER, TRUSTED] }, { keys: [TRUSTED] }],
    [
      'its key, written with \\n as a CI variable has it',
      { trustedKeys: [TRUSTED.replaceAll('\n', '\\n')] },
      { keys: [TRUSTED] },
    ],
    [
      'its key, which is in base64 once more',
      { trustedKeys: [TRUSTED] },
      { keys: [Buffer.from(TRUSTED).toString('base64')] },
    ],
    ['its key for a time', { trustedKeys: [TRUSTED] }, { trustedKeys: [{ key: TRUSTED }] }],
    [
      'its key, and a retired key of another signer',
      { trustedKeys: [TRUSTED] },
      { keys: [TRUSTED], trustedKeys: [{ key: STRANGER, retired: true }] },
    ],
    ['its identity', { identities: [IDENTITY] }, { identities: [IDENTITY] }],
    [
      'an identity of its pattern',
      {
        identities: [{ identityPattern: 'https://git\\.example/acme/.+', issuer: IDENTITY.issuer }],
      },
      { identities: [IDENTITY] },
    ],
    [
      'its identity of its own instance, however the root is written',
      { identities: [IDENTITY], trustedRoots: ['{"a":[2], "b":1}'] },
      { identities: [IDENTITY], sigstore: root },
    ],
    [
      'its pattern, with the same text',
      {
        identities: [{ identityPattern: 'https://git\\.example/acme/.+', issuer: IDENTITY.issuer }],
      },
      {
        identities: [{ identityPattern: 'https://git\\.example/acme/.+', issuer: IDENTITY.issuer }],
      },
    ],
    [
      'its identity with more claims than the policy requires',
      {
        identities: [
          {
            ...IDENTITY,
            claims: { buildTrigger: 'push' },
            claimPatterns: { sourceRef: 'refs/tags/.+' },
          },
        ],
      },
      {
        identities: [
          {
            ...IDENTITY,
            claims: { buildTrigger: 'push', sourceRef: 'refs/tags/v1', runnerEnvironment: 'x' },
          },
        ],
      },
    ],
    [
      'claims that a preview does not know',
      { identities: [{ ...IDENTITY, claims: { buildTrigger: 'push' } }] },
      { identities: [{ ...IDENTITY, claims: UNKNOWN_TEXT }] },
    ],
    ['what a preview does not know', { trustedKeys: [TRUSTED] }, { keys: [UNKNOWN_TEXT] }],
  ])('takes what trusts %s', (_, config, inputs) => {
    expect(said(config, inputs)).toEqual([]);
  });

  test.each<[string, object, object, string]>([
    ['a key that was made on the spot', { trustedKeys: [TRUSTED] }, { keys: [STRANGER] }, 'key'],
    [
      'the key of another signer besides its key',
      { trustedKeys: [TRUSTED] },
      { keys: [TRUSTED, STRANGER] },
      'not among the `trustedKeys`',
    ],
    [
      'the key of another signer with a validity period',
      { trustedKeys: [TRUSTED] },
      { keys: [TRUSTED], trustedKeys: [{ key: STRANGER, notAfter: '2030-01-01T00:00:00Z' }] },
      'not among the `trustedKeys`',
    ],
    ['a key by its path', { trustedKeys: [TRUSTED] }, { keys: ['cosign.pub'] }, 'PEM text'],
    ['an identity beside', { trustedKeys: [TRUSTED] }, { identities: [IDENTITY] }, 'identities'],
    [
      'another identity',
      { identities: [IDENTITY] },
      { identities: [OTHER_IDENTITY] },
      'not among the `identities`',
    ],
    [
      'another pattern, which may accept more',
      {
        identities: [{ identityPattern: 'https://git\\.example/acme/.+', issuer: IDENTITY.issuer }],
      },
      { identities: [{ identityPattern: 'https://git\\.example/.+', issuer: IDENTITY.issuer }] },
      'not among the `identities`',
    ],
    [
      'a pattern where the policy has a name',
      { identities: [IDENTITY] },
      { identities: [{ identityPattern: IDENTITY.identity, issuer: IDENTITY.issuer }] },
      'not among the `identities`',
    ],
    [
      'its identity without a claim of the policy',
      { identities: [{ ...IDENTITY, claims: { buildTrigger: 'push' } }] },
      { identities: [IDENTITY] },
      'without the claim buildTrigger that the policy requires',
    ],
    [
      'its identity with another claim',
      { identities: [{ ...IDENTITY, claimPatterns: { sourceRef: 'refs/tags/.+' } }] },
      { identities: [{ ...IDENTITY, claims: { sourceRef: 'refs/heads/main' } }] },
      'without the claim sourceRef',
    ],
    [
      'an identity of an instance that was made on the spot',
      { identities: [IDENTITY] },
      { identities: [IDENTITY], sigstore: root },
      '`trustedRoots`',
    ],
    [
      'an identity of an instance by its path',
      { identities: [IDENTITY], trustedRoots: [root.trustedRoot] },
      { identities: [IDENTITY], sigstore: { trustedRoot: 'trusted_root.json' } },
      'not a path',
    ],
    [
      'an identity by the configuration of another instance',
      { identities: [IDENTITY], trustedRoots: [root.trustedRoot] },
      { identities: [IDENTITY], sigstore: { clientTrustConfig: '{}' } },
      '`trustedRoots`',
    ],
  ])('refuses what trusts %s', (_, config, inputs, words) => {
    expect(said(config, inputs)).toEqual([expect.stringContaining(words)]);
  });

  test('checks the signer in the outputs, at the end of the run', () => {
    const { after } = ask('images-verified', { trustedKeys: [TRUSTED], identities: [IDENTITY] });
    const by = (signer: unknown) =>
      after(verification({ imageRef: IMAGE, signer }), pod(IMAGE, { spec: ['app'] }));
    expect(by({ kind: 'key', publicKey: TRUSTED })).toEqual([]);
    expect(by({ kind: 'keyless', ...IDENTITY })).toEqual([]);
    expect(by(UNKNOWN_TEXT)).toEqual([]);
    for (const signer of [
      { kind: 'key', publicKey: STRANGER },
      { kind: 'keyless', ...OTHER_IDENTITY },
      { kind: 'key' },
      undefined,
    ])
      expect(by(signer)).toEqual([expect.stringContaining('pod: spec.containers[0].image')]);
  });

  test('ignores allowed references, and everything if no signer is configured', () => {
    const config = { trustedKeys: [TRUSTED], allow: [IMAGE] };
    expect(said(config, { keys: [STRANGER] })).toEqual([]);
    expect(said({}, { keys: [STRANGER] })).toEqual([]);
  });

  test('refuses a verification without signers, and letters that engines compare differently', () => {
    expect(said({ trustedKeys: [TRUSTED] }, {})).toEqual([
      expect.stringContaining('has no trusted signers'),
    ]);
    const config = { identities: [{ identityPattern: 'https://git\\.example/.{2}', issuer: 'a' }] };
    const identities = [{ identity: 'https://git.example/\u{1f600}', issuer: 'a' }];
    expect(said(config, { identities })).toHaveLength(1);
  });

  test.each<[object, string]>([
    [{ trustedKeys: [] }, 'trustedKeys: is empty'],
    [{ trustedKeys: ['cosign.pub'] }, 'trustedKeys[0]: must be a public key in PEM'],
    [{ trustedKeys: [1] }, 'trustedKeys[0]: must be a text'],
    [{ identities: [{ issuer: 'a' }] }, 'identities[0].identity: is required'],
    [{ identities: [{ ...IDENTITY, subject: 'a' }] }, 'identities[0].subject: is not a member'],
    [
      { identities: [{ identityPattern: 'a)|(?:x', issuer: 'a' }] },
      'identities[0].identityPattern: is not a valid regular expression',
    ],
    [
      { identities: [{ ...IDENTITY, claims: { sourceref: 'x' } }] },
      'identities[0].claims.sourceref: unknown; did you mean "sourceRef"?',
    ],
    [{ identities: [{ ...IDENTITY, claims: 'x' }] }, 'identities[0].claims: must be an object'],
    [{ trustedRoots: ['root.json'] }, 'trustedRoots[0]: must be the JSON text'],
  ])('does not begin with %j', (config, words) => {
    expect(() => ask('images-verified', config).before(stack)).toThrow(words);
  });
});
