import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { signedImagePolicies } from '../../../src/enforce/policy';
import { builtInKinds } from '../../../src/enforce/workload';
import { publicPem } from '../admission/support/policies';
import { CUSTOM_WORKLOADS, RENDERED, typeOf, UNKNOWN_WORKLOADS } from '../support/custom-workloads';
import { ask, type Described, UNKNOWN_TEXT } from './support/verdicts';

const OURS = 'pulumi:providers:signed-image';
const KUBERNETES = 'pulumi:providers:kubernetes';
const DIGEST = `sha256:${'1a'.repeat(32)}`;
const OTHER = `sha256:${'2b'.repeat(32)}`;
const COMMIT = 'c0'.repeat(20);
const IMAGE = `registry.example.test/team/app@${DIGEST}`;

const pod = (image: unknown, more: Partial<Described> = {}): Described => ({
  type: 'kubernetes:core/v1:Pod',
  name: 'pod',
  provider: KUBERNETES,
  props: { spec: { containers: [{ name: 'app', image }] } },
  ...more,
});

/** A verification as it is declared, or as it is in the end. */
const verification = (props: Readonly<Record<string, unknown>>, more = {}): Described => ({
  type: 'signed-image:index:VerifiedImage',
  name: 'app',
  provider: OURS,
  props,
  ...more,
});

const declared = { image: 'registry.example.test/team/app:v1', digest: DIGEST };
const stack: Described = { type: 'pulumi:pulumi:Stack', name: 'stack', props: {} };

describe('images-pinned', () => {
  test('takes a digest, and refuses tags, what is empty and what is no reference', () => {
    const { before } = ask('images-pinned');
    expect(before(pod(IMAGE))).toEqual([]);
    expect(before(pod('nginx:1.27'))).toEqual([
      expect.stringMatching(/^spec\.containers\[0\]\.image "nginx:1\.27" is a tag/),
    ]);
    expect(before(pod(''))).toEqual([expect.stringContaining('is empty')]);
    expect(before(pod('No Reference'))).toEqual([expect.stringContaining('no image reference')]);
  });

  test('looks at what it knows beside what it does not', () => {
    const containers = [
      { name: 'app', image: UNKNOWN_TEXT },
      { name: 'side', image: 'nginx' },
    ];
    const props = { metadata: UNKNOWN_TEXT, spec: { nodeName: UNKNOWN_TEXT, containers } };
    const { before } = ask('images-pinned');
    expect(before(pod('', { props }))).toEqual([expect.stringContaining('containers[1].image')]);
    expect(before(pod('', { props: { spec: UNKNOWN_TEXT } }))).toEqual([]);
  });

  test('refuses no containers, no image, and kinds that nobody described', () => {
    const { before } = ask('images-pinned');
    expect(before(pod('', { props: { spec: { containers: [] } } }))).toEqual([
      'spec.containers has no container',
    ]);
    expect(before(pod(undefined))).toEqual([expect.stringContaining('image is missing')]);
    const widget = pod(IMAGE, { type: 'kubernetes:acme.example/v1:Widget' });
    expect(before(widget)).toEqual([expect.stringContaining('say in `kinds`')]);
  });

  test('is not about the finished stack', () => {
    expect(ask('images-pinned').after(pod('nginx'))).toEqual([]);
  });
});

describe('images-verified, before a resource is made', () => {
  test('takes what a verification before it was declared for, however it is written', () => {
    const { before } = ask('images-verified');
    expect(before(verification(declared))).toEqual([]);
    expect(before(pod(IMAGE))).toEqual([]);
    expect(before(pod(IMAGE.replace('@', ':v1@')))).toEqual([]);
  });

  test('refuses what none was declared for, here or in another repository', () => {
    const { before } = ask('images-verified');
    expect(before(pod(IMAGE))).toEqual([expect.stringContaining('did not verify')]);
    before(verification(declared));
    const mirrored = IMAGE.replace('registry.', 'mirror.');
    expect(before(pod(mirrored))).toEqual([expect.stringContaining('and not in mirror')]);
    expect(before(pod(IMAGE.replace(DIGEST, OTHER)))).toEqual([
      expect.stringContaining('did not verify'),
    ]);
  });

  test('believes no component, and no other provider, that has the type of a verification', () => {
    const { before } = ask('images-verified');
    const { provider: _, ...component } = verification(declared);
    before(component);
    before(verification(declared, { provider: KUBERNETES, name: 'other' }));
    expect(before(pod(IMAGE))).toHaveLength(1);
  });

  test('leaves to the update what a preview cannot tell, and forgets the preview then', () => {
    const { before } = ask('images-verified');
    before(stack);
    before(verification({ ...declared, digest: UNKNOWN_TEXT }));
    expect(before(pod(IMAGE))).toEqual([]);
    expect(before(pod(`registry.example.test/team/other@${DIGEST}`))).toHaveLength(1);
    before(verification({ image: UNKNOWN_TEXT, digest: UNKNOWN_TEXT }, { name: 'unknown' }));
    expect(before(pod(`registry.example.test/team/other@${DIGEST}`))).toEqual([]);
    before(stack);
    expect(before(pod(IMAGE))).toHaveLength(1);
  });

  test('takes references that the configuration allows, and exemptions', () => {
    const exempt = [
      { image: 'registry.k8s.io/*', reason: 'ships with the cluster' },
      { resource: 'kubernetes:core/v1:Pod::debug', reason: 'made by hand' },
    ];
    const { before } = ask('images-verified', { allow: [IMAGE], exempt });
    expect(before(pod(IMAGE))).toEqual([]);
    expect(before(pod('registry.k8s.io/pause:3.10'))).toEqual([]);
    expect(before(pod('nginx', { name: 'debug' }))).toEqual([]);
    expect(before(pod('nginx'))).toHaveLength(1);
  });
});

describe('custom resources', () => {
  const custom = (type: string, props: object): Described => ({
    type,
    name: 'custom',
    provider: KUBERNETES,
    props: { ...props },
  });
  const image = `registry.example.test/team/app@${OTHER}`;

  test.each(Object.entries(CUSTOM_WORKLOADS))(
    '%s runs a verified image, and no other',
    (name, build) => {
      const { before } = ask('images-verified');
      before(verification({ image: IMAGE, digest: DIGEST }));
      expect(before(custom(typeOf(name), build(IMAGE)))).toEqual([]);
      expect(before(custom(typeOf(name), build(image)))).toEqual([expect.stringContaining(OTHER)]);
      expect(ask('images-pinned').before(custom(typeOf(name), build('nginx:1')))).toHaveLength(1);
    },
  );

  test.each(Object.entries(RENDERED))('%s is refused, whatever its values', (type, build) => {
    expect(ask('images-verified').before(custom(type, build(IMAGE)))).toEqual([
      expect.stringContaining('no program sees the images'),
    ]);
  });

  test.each(Object.entries(UNKNOWN_WORKLOADS))(
    'of an unknown kind are refused until they are declared: %s',
    (_, build) => {
      const type = 'kubernetes:acme.example/v1:Widget';
      expect(ask('images-verified').before(custom(type, build(image)))).not.toEqual([]);
      const kinds = [{ type, images: [], reason: 'draws pictures' }];
      expect(ask('images-verified', { kinds }).before(custom(type, build(image)))).toEqual([]);
    },
  );

  test('are not judged by the status that a controller wrote', () => {
    const status = { image: 'docker.io/library/nginx:1' };
    const made = custom('kubernetes:monitoring.coreos.com/v1:Prometheus', { spec: {}, status });
    expect(ask('images-verified').after(made)).toEqual([]);
    expect(ask('images-verified').before(made)).toHaveLength(1);
  });
});

describe('images-verified, on the finished stack', () => {
  const { after } = ask('images-verified');
  const verified = verification({ imageRef: IMAGE });

  test('takes an image that is held by a verification and came from it', () => {
    expect(after(verified, pod(IMAGE, { spec: ['app'] }))).toEqual([]);
  });

  test('refuses a copy of the text, and what another verification holds', () => {
    expect(after(verified, pod(IMAGE))).toEqual([
      expect.stringMatching(
        /^pod: spec\.containers\[0\]\.image .*VerifiedImage "app" verified, but/,
      ),
    ]);
    const other = verification({ imageRef: IMAGE.replace(DIGEST, OTHER) }, { name: 'other' });
    expect(after(verified, other, pod(IMAGE, { spec: ['other'] }))).toHaveLength(1);
    expect(after(other, pod(IMAGE, { spec: ['other'] }))).toEqual([
      expect.stringContaining('is held by no VerifiedImage of this stack'),
    ]);
    expect(after(verified, pod('nginx:1', { spec: ['app'] }))).toHaveLength(1);
  });

  test('believes the outputs of no component', () => {
    const { provider: _, ...forged } = verified;
    const component = { ...forged, type: 'signed-image:index:SignedImage', name: 'component' };
    expect(after(forged, pod(IMAGE, { spec: ['app'] }))).toHaveLength(1);
    expect(after(component, pod(IMAGE, { spec: ['component'] }))).toHaveLength(1);
  });

  test('follows dependencies through the components around both', () => {
    const signed = { ...stack, type: 'signed-image:index:SignedImage', name: 'signed' };
    const inside = { ...verified, parent: 'signed' };
    expect(after(signed, inside, pod(IMAGE, { spec: ['signed'] }))).toEqual([]);
    const chart = { ...stack, type: 'kubernetes:helm.sh/v4:Chart', name: 'chart' };
    const child = pod(IMAGE, { parent: 'chart' });
    expect(after(verified, { ...chart, dependsOn: ['app'] }, child)).toEqual([]);
    expect(after(verified, { ...chart, spec: ['app'] }, child)).toEqual([]);
    expect(after(verified, chart, child)).toHaveLength(1);
  });

  test('leaves a preview in which the reference is not known yet', () => {
    const pending = verification({ imageRef: UNKNOWN_TEXT });
    expect(after(pending, pod(IMAGE, { spec: ['app'] }))).toEqual([]);
    expect(after(pending, pod(IMAGE))).toHaveLength(1);
    expect(after(pending, pod(UNKNOWN_TEXT, { spec: ['app'] }))).toEqual([]);
  });

  test('does not tell again what was told before the resource was made', () => {
    const asked = ask('images-verified');
    expect(asked.before(pod(IMAGE))).toHaveLength(1);
    expect(asked.after(pod(IMAGE))).toEqual([]);
    expect(asked.after(pod(IMAGE))).toHaveLength(1);
  });

  test('takes references of other stacks that the configuration allows', () => {
    expect(ask('images-verified', { allow: [IMAGE] }).after(pod(IMAGE))).toEqual([]);
  });
});

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
    ['its key for a time', { trustedKeys: [TRUSTED] }, { trustedKeys: [{ key: TRUSTED }] }],
    [
      'its key, and a stranger that is retired',
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
    ['what a preview does not know', { trustedKeys: [TRUSTED] }, { keys: [UNKNOWN_TEXT] }],
  ])('takes what trusts %s', (_, config, inputs) => {
    expect(said(config, inputs)).toEqual([]);
  });

  test.each<[string, object, object, string]>([
    ['a key that was made on the spot', { trustedKeys: [TRUSTED] }, { keys: [STRANGER] }, 'key'],
    [
      'a stranger beside its key',
      { trustedKeys: [TRUSTED] },
      { keys: [TRUSTED, STRANGER] },
      'not among the `trustedKeys`',
    ],
    [
      'a stranger for a time',
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

  test('goes by the signer that was found, on the finished stack', () => {
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

  test('leaves references that are allowed, and everything where nobody is named', () => {
    const config = { trustedKeys: [TRUSTED], allow: [IMAGE] };
    expect(said(config, { keys: [STRANGER] })).toEqual([]);
    expect(said({}, { keys: [STRANGER] })).toEqual([]);
  });

  test.each<[object, string]>([
    [{ trustedKeys: [] }, 'trustedKeys: is empty'],
    [{ trustedKeys: ['cosign.pub'] }, 'trustedKeys[0]: must be a public key in PEM'],
    [{ trustedKeys: [1] }, 'trustedKeys[0]: must be a text'],
    [{ identities: [{ issuer: 'a' }] }, 'identities[0].identity: is needed'],
    [{ identities: [{ ...IDENTITY, subject: 'a' }] }, 'identities[0].subject: is unknown'],
    [
      { identities: [{ identityPattern: 'a)|(?:x', issuer: 'a' }] },
      'identities[0].identityPattern: is no regular expression',
    ],
    [{ trustedRoots: ['root.json'] }, 'trustedRoots[0]: must be the JSON text'],
  ])('does not begin with %j', (config, words) => {
    expect(() => ask('images-verified', config).before(stack)).toThrow(words);
  });
});

describe('images-of-commit', () => {
  const provenance = (commit?: string): string =>
    JSON.stringify({
      buildDefinition: {
        buildType: 'https://example.test/build/v1',
        externalParameters: {},
        resolvedDependencies: commit ? [{ digest: { gitCommit: commit } }] : [],
      },
      runDetails: { builder: { id: 'https://example.test/builder' } },
    });

  test('is disabled unless somebody asks for it', () => {
    const levels = signedImagePolicies({}).map(({ name, enforcementLevel }) => [
      name,
      enforcementLevel,
    ]);
    expect(levels).toEqual([
      ['images-pinned', 'mandatory'],
      ['images-verified', 'mandatory'],
      ['images-of-commit', 'disabled'],
    ]);
  });

  test.each(['GITHUB_SHA', 'CI_COMMIT_SHA', 'GIT_COMMIT'])('takes the commit of %s', (name) => {
    const { before } = ask('images-of-commit', {}, { [name]: COMMIT.toUpperCase() });
    before(verification({ ...declared, provenance: { commit: COMMIT } }));
    expect(before(pod(IMAGE))).toEqual([]);
  });

  test('compares what each verification demands before, and what it found after', () => {
    const { before, after } = ask('images-of-commit', { commit: 'd1'.repeat(20) });
    before(verification({ ...declared, provenance: { commit: COMMIT } }));
    expect(before(pod(IMAGE))).toEqual([expect.stringContaining(`from commit ${COMMIT}, and not`)]);
    const verified = verification({ imageRef: IMAGE, verifiedProvenance: provenance(COMMIT) });
    expect(after(verified, pod(IMAGE, { name: 'later' }))).toEqual([
      expect.stringContaining(`from commit ${COMMIT}, and not`),
    ]);
  });

  test('wants a provenance that names a commit, once there can be one', () => {
    const { before, after } = ask('images-of-commit', { commit: COMMIT });
    const none = expect.stringContaining('no verified provenance that names a commit');
    expect(before(pod(IMAGE))).toEqual([none]);
    before(verification({ ...declared, provenance: UNKNOWN_TEXT }));
    expect(before(pod(IMAGE))).toEqual([]);
    before(verification(declared));
    expect(before(pod(IMAGE))).toEqual([none]);
    const without = verification({ imageRef: IMAGE, verifiedProvenance: provenance() });
    expect(after(without, pod(IMAGE, { name: 'later' }))).toEqual([
      expect.stringContaining('no verified provenance'),
    ]);
    const pending = verification({ imageRef: IMAGE, verifiedProvenance: UNKNOWN_TEXT });
    expect(after(pending, pod(IMAGE))).toEqual([]);
  });

  test.each([
    [{}, 'commit: is needed'],
    [{ commit: 'main' }, 'is no full commit id'],
  ])('does not begin without a commit to compare with: %j', (config, words) => {
    expect(() => ask('images-of-commit', config).before(stack)).toThrow(words);
  });
});

describe('the configuration of a policy', () => {
  test.each<[string, object, string]>([
    [
      'an unknown member',
      { exmept: [] },
      'exmept: is unknown; there are exempt, kinds, allow, trustedKeys',
    ],
    ['no list', { exempt: {} }, 'exempt: must be a list'],
    ['no object', { exempt: ['nginx'] }, 'exempt[0]: must be an object'],
    [
      'an unknown member of an exemption',
      { exempt: [{ images: 'x' }] },
      'exempt[0].images: is unknown',
    ],
    ['a member that is no text', { exempt: [{ image: 1 }] }, 'exempt[0].image: must be a text'],
    ['paths that are no list', { kinds: [{ images: 'x' }] }, 'kinds[0].images: must be a list'],
    ['an exemption without a reason', { exempt: [{ image: 'nginx' }] }, 'exempt[0].reason'],
    ['an exemption of everything', { exempt: [{ image: '*', reason: 'all' }] }, 'every image'],
    [
      'exemptions that are everything together',
      {
        exempt: [...builtInKinds().keys()].map((type) => ({
          resource: `${type}::*`,
          reason: 'no time',
        })),
      },
      'admit every workload',
    ],
    [
      'an exemption of a kind that does not exist',
      { exempt: [{ resource: 'kubernetes:apps/v1:Deploymnt::app', reason: 'later' }] },
      'is no kind that runs images',
    ],
    ['a kind that is no token', { kinds: [{ type: 'Rollout', podSpec: 'spec' }] }, 'type token'],
    ['a kind without images', { kinds: [{ type: 'a:b/v1:C' }] }, 'where its images are'],
    ['a tag that is allowed', { allow: ['nginx:1'] }, 'allow[0]: must be host/repo@sha256'],
    ['what is allowed and no text', { allow: [1] }, 'allow[0]: must be a text'],
    ['a commit that is no text', { commit: 1 }, 'commit: is unknown'],
  ])('is refused with %s, before anything is made', (_case, config, words) => {
    expect(() => ask('images-verified', config).before(stack)).toThrow(words);
    expect(() => ask('images-verified', config).after()).toThrow(words);
  });

  test('tells whose it is, and spares people the stack trace', () => {
    try {
      ask('images-pinned', { allow: [] }).before(stack);
      throw new Error('taken');
    } catch (error) {
      expect((error as Error).stack).toBe(
        'configuration of images-pinned: allow: is unknown; there are exempt, kinds',
      );
    }
  });

  test('is of a pack that has the version of the library', () => {
    const version = (path: string): unknown =>
      (
        JSON.parse(readFileSync(join(__dirname, '..', '..', '..', path), 'utf8')) as {
          version: unknown;
        }
      ).version;
    expect(version('policy/package.json')).toBe(version('package.json'));
  });

  test('is described to the engine', () => {
    const [pinned] = signedImagePolicies();
    expect(Object.keys(pinned?.configSchema?.properties ?? {})).toEqual(['exempt', 'kinds']);
  });
});
