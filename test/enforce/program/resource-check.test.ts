import { SignedImageError } from '../../../src/error';
import { requirementOf, type VerifiedImagesArgs } from '../../../src/enforce/program/requirement';
import { checkResource } from '../../../src/enforce/program/resource-check';
import { UNKNOWN } from '../../../src/enforce/workload';
import { CUSTOM_WORKLOADS, RENDERED, typeOf, UNKNOWN_WORKLOADS } from '../support/custom-workloads';
import { WORKLOADS } from '../support/workloads';

const D1 = `sha256:${'1a'.repeat(32)}`;
const D2 = `sha256:${'2b'.repeat(32)}`;
const VERIFIED = `registry.example.com/team/app@${D1}`;
const DEPLOYMENT = 'kubernetes:apps/v1:Deployment';

function check(image: unknown, args: VerifiedImagesArgs = {}, type = DEPLOYMENT) {
  const properties = (WORKLOADS[type] ?? WORKLOADS[DEPLOYMENT]!)(image);
  return checkResource({ type, name: 'app', properties }, requirementOf(args), new Set([VERIFIED]));
}

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof SignedImageError && error.code === 'IMAGE_NOT_VERIFIED')
      return error.message;
    throw error;
  }
  throw new Error('it was admitted');
}

describe.each(Object.keys(WORKLOADS))('%s', (type) => {
  it('runs a verified image', () => {
    expect(check(VERIFIED, {}, type)).toEqual([]);
  });

  it('does not run another, and the error names resource, path and image', () => {
    const image = `registry.example.com/team/app@${D2}`;
    const message = refusal(() => check(image, {}, type));
    expect(message).toContain(`${type} "app"`);
    expect(message).toContain('containers[0].image');
    expect(message).toContain(image);
  });
});

describe('an image', () => {
  it.each([
    ['is a tag', 'registry.example.com/team/app:v1', 'is a tag'],
    ['has neither tag nor digest', 'nginx', 'is a tag'],
    [
      'is verified in another repository',
      `registry.example.com/team/other@${D1}`,
      'was verified as',
    ],
    ['was not verified', `registry.example.com/team/app@${D2}`, 'did not verify'],
    ['is empty', '', 'is empty'],
    ['is no reference', 'Registry.example.com/UPPER case', 'not a valid image reference'],
    ['has another digest algorithm', 'a.example/b@sha512:00', 'not a valid image reference'],
  ])('that %s is refused', (_, image, why) => {
    expect(refusal(() => check(image))).toContain(why);
  });

  it.each([undefined, null, 7, {}])('that is missing (%p) is refused', (image) => {
    expect(refusal(() => check(image))).toContain('containers[0].image is missing');
  });

  it('that a preview does not know yet is left to the update', () => {
    expect(check(UNKNOWN)).toEqual([]);
  });

  it('may have a tag in addition to the verified digest, which decides', () => {
    expect(check(`registry.example.com/team/app:v1@${D1}`)).toEqual([]);
  });

  it('that another stack verified runs when it is allowed', () => {
    const other = `registry.example.com/team/other@${D2}`;
    expect(check(other, { allow: [other] })).toEqual([]);
  });
});

it('all problems of a resource are reported together', () => {
  const properties = {
    spec: {
      containers: [{ image: 'a:1' }, { image: VERIFIED }],
      initContainers: [{ image: 'b:1' }],
    },
  };
  const message = refusal(() =>
    checkResource(
      { type: 'kubernetes:core/v1:Pod', name: 'p', properties },
      requirementOf({}),
      new Set([VERIFIED]),
    ),
  );
  expect(message).toContain('spec.containers[0].image "a:1"');
  expect(message).toContain('spec.initContainers[0].image "b:1"');
  expect(message).not.toContain('containers[1]');
});

it('a pod without containers is refused', () => {
  const resource = {
    type: 'kubernetes:core/v1:Pod',
    name: 'p',
    properties: { spec: { containers: [] } },
  };
  expect(refusal(() => checkResource(resource, requirementOf({}), new Set()))).toContain(
    'spec.containers has no container',
  );
});

describe('an exemption', () => {
  const reason = 'ships with the cluster';

  it('admits its images, and is logged with its reason', () => {
    const exempt = [{ image: 'registry.k8s.io/*', reason }];
    expect(check('registry.k8s.io/pause:3.10', { exempt })).toEqual([
      {
        image: 'registry.k8s.io/pause:3.10',
        path: 'spec.template.spec.containers[0].image',
        reason,
      },
    ]);
    expect(refusal(() => check('registry.k8s.io.evil.example/pause:3', { exempt }))).toContain(
      'tag',
    );
  });

  it('admits its resources with any images', () => {
    expect(check('nginx', { exempt: [{ resource: 'app', reason }] })).toEqual([]);
    expect(check('nginx', { exempt: [{ resource: `${DEPLOYMENT}::a*`, reason }] })).toEqual([]);
    expect(refusal(() => check('nginx', { exempt: [{ resource: 'b*', reason }] }))).toContain(
      'tag',
    );
  });

  it('for a name does not reach a type that is called so', () => {
    const exempt = [{ resource: '*Deployment*', reason }];
    expect(refusal(() => check('nginx', { exempt }))).toContain('tag');
  });

  it.each([
    ['registry.example.com/team/*', 'registry.example.com/team/deep/app:1', true],
    ['registry.example.com/team/*', 'registry.example.com/team-evil/app:1', false],
    ['registry.example.com/team*', 'registry.example.com/team-evil/app:1', false],
    ['registry.example.com/team*', 'registry.example.com/teams:1', true],
    ['registry.example.com/*/app:1', 'registry.example.com/team/app:1', true],
    ['registry.example.com/*/app:1', 'registry.example.com/team/deep/app:1', false],
    ['docker.io/library/nginx:*', 'docker.io/library/nginx:1.27', true],
    ['docker.io/library/nginx:*', 'docker.io/library/nginx-evil:1.27', false],
    ['nginx:1.27', 'nginx:1.27', true],
    ['nginx:1.27', 'nginx:1.270', false],
    ['registry.k8s.io/a.b', 'registry.k8s.io/aXb', false],
    ['registry.k8s.io/*', 'registry.k8s.io/pause\nevil', false],
  ])('of %s lets %s through: %s', (image, written, through) => {
    const exempt = [{ image, reason }];
    const run = () => check(written, { exempt });
    if (through) expect(run()).toHaveLength(1);
    else expect(run).toThrow();
  });

  it('for images of one resource does not reach others', () => {
    const exempt = [{ image: 'nginx', resource: 'other', reason }];
    expect(refusal(() => check('nginx', { exempt }))).toContain('tag');
  });

  it.each([
    ['without a reason', { image: 'nginx', reason: ' ' }, 'exempt[0].reason'],
    ['of nothing', { reason }, 'exempt[0].image'],
    ['of everything', { image: '*', reason }, 'would admit every image'],
    ['of every path of every host', { image: '*/*', reason }, 'would admit every image'],
    ['of hosts by their beginning', { image: 'reg*/app', reason }, 'would admit every image'],
    ['of all resources', { resource: '*::*', reason }, 'would admit every resource'],
    [
      'of all resources of a provider',
      { resource: 'kubernetes:*', reason },
      'matches names, not types',
    ],
    [
      'of all kinds of a group',
      { resource: 'kubernetes:apps/*', reason },
      'matches names, not types',
    ],
    ['of all kinds and names', { resource: 'kubernetes:*::*', reason }, 'every resource'],
    ['of a type without a name', { resource: `${DEPLOYMENT}::`, reason }, 'must be a name'],
    ['of every image of every resource', { image: '*', resource: '*', reason }, 'every image'],
    ['that a registry may be called', { image: 'nginx:*', reason }, 'docker.io/library/nginx:*'],
    ['of a registry without images', { image: 'registry.k8s.io', reason }, '"registry.k8s.io/*"'],
    ['with two stars', { image: 'registry.k8s.io/**', reason }, 'contains `**`'],
    ['with white space', { image: ' registry.k8s.io/*', reason }, 'white space'],
    ['of a URL', { image: 'https://registry.k8s.io/*', reason }, 'cannot match an image reference'],
    [
      'that a registry may be called, in one resource',
      { image: 'nginx:*', resource: 'a', reason },
      'nginx:5000',
    ],
    [
      'that a registry may be called, with a digest',
      { image: 'nginx@*', reason },
      'specify the registry',
    ],
    ['of an empty name', { image: '', reason }, 'is empty'],
  ])('%s is refused', (_, exemption, why) => {
    expect(() => requirementOf({ exempt: [exemption] })).toThrow(why);
  });
});

describe('a kind', () => {
  const WIDGET = 'kubernetes:acme.example/v1:Widget';
  const properties = WORKLOADS[DEPLOYMENT]!('nginx');
  const checkKind = (type: string, args: VerifiedImagesArgs, made: object = properties) =>
    checkResource({ type, name: 'x', properties: { ...made } }, requirementOf(args), new Set());

  it('of an unknown kind that appears to run containers is refused', () => {
    const message = refusal(() => checkKind(WIDGET, {}));
    expect(message).toContain('spec.template.spec.containers');
    expect(message).toContain('in `kinds`');
  });

  it('is checked at the declared path of its pods', () => {
    const kinds = [{ type: WIDGET, podSpec: 'spec.template.spec' }];
    expect(refusal(() => checkKind(WIDGET, { kinds }))).toContain('is a tag');
  });

  it('that runs nothing is ignored', () => {
    expect(checkKind('kubernetes:core/v1:ConfigMap', {}, { data: { image: 'nginx' } })).toEqual([]);
  });

  it('whose images are rendered elsewhere is refused', () => {
    const made = { chart: 'x' };
    expect(refusal(() => checkKind('kubernetes:helm.sh/v3:Release', {}, made))).toContain(
      'v4.Chart',
    );
  });

  it.each([
    ['a malformed type', { type: 'Rollout', podSpec: 'spec' }, 'must be a type token'],
    ['a type that is known', { type: DEPLOYMENT, podSpec: 'spec' }, 'is built in'],
    ['no path', { type: WIDGET }, 'requires `podSpec` or `images`'],
    ['a malformed path', { type: WIDGET, podSpec: 'spec..x' }, 'podSpec: "spec..x" is not a path'],
    [
      'a malformed path of an image',
      { type: WIDGET, images: ['a', 'b[0].c'] },
      'images[1]: "b[0].c" is not a path',
    ],
  ])('with %s is refused', (_, kind, why) => {
    expect(() => requirementOf({ kinds: [kind] })).toThrow(why);
  });
});

it('an allowed reference must be pinned, and all problems are reported together', () => {
  const args = { allow: ['nginx:1'], exempt: [{ image: '*', reason: '' }] };
  expect(() => requirementOf(args)).toThrow(/allow\[0\][\s\S]*exempt\[0\]\.reason/);
});

describe('a custom resource', () => {
  const checked = (type: string, properties: object, args: VerifiedImagesArgs = {}) =>
    checkResource(
      { type, name: 'x', properties: { ...properties } },
      requirementOf(args),
      new Set([VERIFIED]),
    );
  const UNVERIFIED = `registry.example.com/team/app@${D2}`;
  const WIDGET = 'kubernetes:acme.example/v1:Widget';

  it.each(Object.entries(CUSTOM_WORKLOADS))(
    '%s runs a verified image, and no other',
    (name, build) => {
      expect(checked(typeOf(name), build(VERIFIED))).toEqual([]);
      expect(refusal(() => checked(typeOf(name), build(UNVERIFIED)))).toContain(D2);
      expect(refusal(() => checked(typeOf(name), build('nginx:1.27')))).toContain('is a tag');
    },
  );

  it.each(Object.entries(RENDERED))('%s is refused, whatever its values', (type, build) => {
    expect(refusal(() => checked(type, build(VERIFIED)))).toContain(
      'where its images cannot be checked',
    );
    const exempt = [{ resource: `${type}::x`, reason: 'TEAM-12' }];
    expect(checked(type, build(UNVERIFIED), { exempt })).toEqual([]);
  });

  it('that renders its workloads is checked at the declared path of its images', () => {
    const type = 'kubernetes:helm.toolkit.fluxcd.io/v2:HelmRelease';
    const kinds = [{ type, images: ['spec.values.image', 'spec.values.proxy'] }];
    const [repository, digest] = VERIFIED.split('@');
    const values = (proxy: object) => ({ spec: { values: { image: VERIFIED, proxy } } });
    expect(checked(type, values({ repository, digest }), { kinds })).toEqual([]);
    expect(refusal(() => checked(type, values({ repository, digest: D2 }), { kinds }))).toContain(
      `spec.values.proxy "${repository}@${D2}"`,
    );
  });

  it.each(Object.entries(UNKNOWN_WORKLOADS))(
    'of an unknown kind is refused until it is declared: %s',
    (_, build) => {
      expect(refusal(() => checked(WIDGET, build(VERIFIED)))).toContain('in `kinds`');
      const kinds = [{ type: WIDGET, images: [], reason: 'draws pictures' }];
      expect(checked(WIDGET, build(UNVERIFIED), { kinds })).toEqual([]);
    },
  );

  it('that is declared to run no images needs a reason', () => {
    expect(() => requirementOf({ kinds: [{ type: WIDGET, images: [] }] })).toThrow(
      'kinds[0].reason',
    );
  });

  it.each([
    [
      'no image',
      { spec: { size: 1, imagePullPolicy: 'Always', imagePullSecrets: [{ name: 'a' }] } },
    ],
    ['an address', { spec: { image: 'https://example.com/a.png' } }],
    ['prose', { spec: { description: 'An image: of a cat\nand a dog' } }],
    ['an image in its metadata', { metadata: { annotations: { image: 'nginx' } } }],
  ])('of an unknown kind with %s is ignored', (_, properties) => {
    expect(checked(WIDGET, properties)).toEqual([]);
  });

  it.each([
    ['kubernetes:core/v1:ConfigMap', { data: { 'values.yaml': 'image: nginx' } }],
    ['kubernetes:v1:ConfigMap', { data: { image: 'nginx' } }],
    ['kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition', { spec: { image: 'nginx' } }],
    ['kubernetes:yaml/v2:ConfigFile', { image: 'nginx' }],
    ['aws:ec2/instance:Instance', { image: 'nginx' }],
  ])('is not what %s is', (type, properties) => {
    expect(checked(type, properties)).toEqual([]);
  });

  it('that calls itself a Pod without its group is a Pod', () => {
    const properties = WORKLOADS['kubernetes:core/v1:Pod']!('nginx');
    expect(refusal(() => checked('kubernetes:v1:Pod', properties))).toContain('is a tag');
  });

  it('of Tekton that is fetched in the cluster is refused', () => {
    const spec = { taskRef: { resolver: 'git', params: [] } };
    expect(refusal(() => checked('kubernetes:tekton.dev/v1:TaskRun', { spec }))).toContain(
      'spec.taskRef.resolver',
    );
  });

  it('that is deeper than anybody reads is refused', () => {
    const deep = Array.from({ length: 100 }).reduce<object>((inner) => ({ inner }), {});
    expect(refusal(() => checked(WIDGET, { spec: deep }))).toContain('too large or too deep');
  });

  it('whose aliases expand without limit is refused in time', () => {
    const bomb = Array.from(
      { length: 30 },
      (_, at) => `a${at}: &a${at} [${at === 0 ? 'image' : `*a${at - 1},`.repeat(10)}]`,
    );
    expect(refusal(() => checked(WIDGET, { spec: { values: bomb.join('\n') } }))).toContain(
      'too large or too deep',
    );
  });
});

describe('a resource that is registered as another kind than it is made', () => {
  const made = (type: string, apiVersion: unknown, kind: unknown) =>
    checkResource(
      {
        type,
        name: 'x',
        properties: { apiVersion, kind, spec: { containers: [{ image: 'evil' }] } },
      },
      requirementOf({}),
      new Set(),
    );

  it.each([
    ['kubernetes:core/v1:ConfigMap', 'v1', 'Pod'],
    ['kubernetes:v1:Secret', 'apps/v1', 'Deployment'],
    ['kubernetes:networking.k8s.io/v1:Ingress', 'v1', 'Pod'],
    ['kubernetes:apps/v1:ControllerRevision', 'extensions/v1beta1', 'ControllerRevision'],
  ])('is refused: %s of %s %s', (type, apiVersion, kind) => {
    expect(refusal(() => made(type, apiVersion, kind))).toContain('would be created as');
  });

  it.each([
    ['kubernetes:core/v1:ConfigMapPatch', 'v1', 'ConfigMap'],
    ['kubernetes:apps/v1:DeploymentPatch', 'apps/v1', 'Deployment'],
    ['kubernetes:core/v1:ConfigMapList', 'v1', 'ConfigMapList'],
    ['kubernetes:v1:Service', 'v1', 'Service'],
    ['kubernetes:networking.k8s.io/v1beta1:Ingress', 'networking.k8s.io/v1', 'Ingress'],
    ['aws:s3:Bucket', 'v1', 'Pod'],
    ['kubernetes:core/v1:ConfigMap', UNKNOWN, UNKNOWN],
  ])('is itself by its patch, its list and its versions: %s of %s %s', (type, apiVersion, kind) => {
    const said = (() => {
      try {
        return String(made(type, apiVersion, kind).length);
      } catch (error) {
        return (error as Error).message;
      }
    })();
    expect(said).not.toContain('would be created as');
  });
});
