import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { signedImagePolicies } from '../../../src/enforce/policy';
import { builtInKinds } from '../../../src/enforce/workload';
import {
  KUBERNETES,
  DIGEST,
  OTHER,
  COMMIT,
  IMAGE,
  pod,
  verification,
  declared,
  stack,
} from './support/resources';
import { ask, UNKNOWN_TEXT } from './support/verdicts';

describe('images-pinned', () => {
  test('accepts a digest, and refuses tags, empty texts and invalid references', () => {
    const { before } = ask('images-pinned');
    expect(before(pod(IMAGE))).toEqual([]);
    expect(before(pod('nginx:1.27'))).toEqual([
      expect.stringMatching(/^spec\.containers\[0\]\.image "nginx:1\.27" is a tag/),
    ]);
    expect(before(pod(''))).toEqual([expect.stringContaining('is empty')]);
    expect(before(pod('No Reference'))).toEqual([
      expect.stringContaining('not a valid image reference'),
    ]);
  });

  test('checks known kinds and unknown ones', () => {
    const containers = [
      { name: 'app', image: UNKNOWN_TEXT },
      { name: 'side', image: 'nginx' },
    ];
    const props = { metadata: UNKNOWN_TEXT, spec: { nodeName: UNKNOWN_TEXT, containers } };
    const { before } = ask('images-pinned');
    expect(before(pod('', { props }))).toEqual([expect.stringContaining('containers[1].image')]);
    expect(before(pod('', { props: { spec: UNKNOWN_TEXT } }))).toEqual([]);
  });

  test('refuses a workload without containers or image, and unknown kinds', () => {
    const { before } = ask('images-pinned');
    expect(before(pod('', { props: { spec: { containers: [] } } }))).toEqual([
      'spec.containers has no container',
    ]);
    expect(before(pod(undefined))).toEqual([expect.stringContaining('image is missing')]);
    const widget = pod(IMAGE, { type: 'kubernetes:acme.example/v1:Widget' });
    expect(before(widget)).toEqual([expect.stringContaining('in `kinds`')]);
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

  test('refuses images without a declared verification, here or in another repository', () => {
    const { before } = ask('images-verified');
    expect(before(pod(IMAGE))).toEqual([expect.stringContaining('did not verify')]);
    before(verification(declared));
    const mirrored = IMAGE.replace('registry.', 'mirror.');
    expect(before(pod(mirrored))).toEqual([expect.stringContaining('not in mirror')]);
    expect(before(pod(IMAGE.replace(DIGEST, OTHER)))).toEqual([
      expect.stringContaining('did not verify'),
    ]);
  });

  test('rejects components, and resources of other providers, with the type of a verification', () => {
    const { before } = ask('images-verified');
    const { provider: _, ...component } = verification(declared);
    before(component);
    before(verification(declared, { provider: KUBERNETES, name: 'other' }));
    expect(before(pod(IMAGE))).toHaveLength(1);
  });

  test('defers to the update what a preview cannot decide, and discards the preview then', () => {
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

describe('images-verified, on the finished stack', () => {
  const { after } = ask('images-verified');
  const verified = verification({ imageRef: IMAGE });

  test('takes an image that is held by a verification and came from it', () => {
    expect(after(verified, pod(IMAGE, { spec: ['app'] }))).toEqual([]);
  });

  test('refuses a copy of the text, and what another verification holds', () => {
    expect(after(verified, pod(IMAGE))).toEqual([
      expect.stringMatching(
        /^pod: spec\.containers\[0\]\.image .*was verified by VerifiedImage "app", but/,
      ),
    ]);
    const other = verification({ imageRef: IMAGE.replace(DIGEST, OTHER) }, { name: 'other' });
    expect(after(verified, other, pod(IMAGE, { spec: ['other'] }))).toHaveLength(1);
    expect(after(other, pod(IMAGE, { spec: ['other'] }))).toEqual([
      expect.stringContaining('was not verified by a VerifiedImage of this stack'),
    ]);
    expect(after(verified, pod('nginx:1', { spec: ['app'] }))).toHaveLength(1);
  });

  test('rejects the outputs of components', () => {
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

  test('does not repeat violations that were reported before the resource was created', () => {
    const asked = ask('images-verified');
    expect(asked.before(pod(IMAGE))).toHaveLength(1);
    expect(asked.after(pod(IMAGE))).toEqual([]);
    expect(asked.after(pod(IMAGE))).toHaveLength(1);
  });

  test('takes references of other stacks that the configuration allows', () => {
    expect(ask('images-verified', { allow: [IMAGE] }).after(pod(IMAGE))).toEqual([]);
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

  test('is disabled by default', () => {
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
    expect(before(pod(IMAGE))).toEqual([
      expect.stringContaining(`from commit ${COMMIT}, not from`),
    ]);
    const verified = verification({ imageRef: IMAGE, verifiedProvenance: provenance(COMMIT) });
    expect(after(verified, pod(IMAGE, { name: 'later' }))).toEqual([
      expect.stringContaining(`from commit ${COMMIT}, not from`),
    ]);
  });

  test('wants a provenance that names a commit, once there can be one', () => {
    const { before, after } = ask('images-of-commit', { commit: COMMIT });
    const none = expect.stringContaining('no verified provenance with a commit');
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
    [{}, 'commit: is required'],
    [{ commit: 'main' }, 'is not a full commit id'],
  ])('does not begin without a commit to compare with: %j', (config, words) => {
    expect(() => ask('images-of-commit', config).before(stack)).toThrow(words);
  });
});

describe('the configuration of a policy', () => {
  test.each<[string, object, string]>([
    [
      'an unknown member',
      { exmept: [] },
      'exmept: is not a member of this policy; expected one of exempt, kinds, allow, trustedKeys',
    ],
    ['no list', { exempt: {} }, 'exempt: must be a list'],
    ['no object', { exempt: ['nginx'] }, 'exempt[0]: must be an object'],
    [
      'an unknown member of an exemption',
      { exempt: [{ images: 'x' }] },
      'exempt[0].images: is not a member',
    ],
    ...['constructor', 'toString', '__proto__', 'hasOwnProperty'].map(
      (name): [string, object, string] => [
        `a member called ${name}`,
        JSON.parse(`{"exempt":[{"image":"a/b","reason":"c","${name}":["x"]}]}`) as object,
        `exempt[0].${name}: is not a member`,
      ],
    ),
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
      'is not a kind that runs images',
    ],
    ['a kind that is no token', { kinds: [{ type: 'Rollout', podSpec: 'spec' }] }, 'type token'],
    ['a kind without images', { kinds: [{ type: 'a:b/v1:C' }] }, 'the paths of its images'],
    ['a tag that is allowed', { allow: ['nginx:1'] }, 'allow[0]: must be host/repo@sha256'],
    ['what is allowed and no text', { allow: [1] }, 'allow[0]: must be a text'],
    ['a commit that is no text', { commit: 1 }, 'commit: is not a member of this policy'],
  ])('is refused with %s, before anything is made', (_case, config, words) => {
    expect(() => ask('images-verified', config).before(stack)).toThrow(words);
    expect(() => ask('images-verified', config).after()).toThrow(words);
  });

  test('names the policy, and omits the stack trace', () => {
    try {
      ask('images-pinned', { allow: [] }).before(stack);
      throw new Error('taken');
    } catch (error) {
      expect((error as Error).stack).toBe(
        'configuration of images-pinned: allow: is not a member of this policy; expected one of exempt, kinds',
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
