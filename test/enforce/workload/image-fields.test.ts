import {
  builtInKinds,
  containerLists,
  UNKNOWN,
  workloadImages,
} from '../../../src/enforce/workload';
import { WORKLOADS } from '../support/workloads';

const kind = (type: string) => builtInKinds().get(type)!;
const deployment = (spec: unknown) => ({ spec: { template: { spec } } });
const imagesOf = (type: string, properties: Readonly<Record<string, unknown>>) =>
  workloadImages(kind(type), properties).images.map(({ path, value }) => [path, value]);

describe('the images of a workload', () => {
  it.each(Object.entries(WORKLOADS))('are found in %s', (type, build) => {
    expect(imagesOf(type, build('an image')).map(([, image]) => image)).toEqual(['an image']);
  });

  it('are found in containers, init and ephemeral containers and image volumes', () => {
    const spec = {
      containers: [{ image: 'a' }, { image: 'b' }],
      initContainers: [{ image: 'c' }],
      ephemeralContainers: [{ image: 'd' }],
      volumes: [
        { name: 'x', emptyDir: {} },
        { name: 'y', image: { reference: 'e' } },
      ],
    };
    expect(imagesOf('kubernetes:apps/v1:Deployment', deployment(spec))).toEqual([
      ['spec.template.spec.containers[0].image', 'a'],
      ['spec.template.spec.containers[1].image', 'b'],
      ['spec.template.spec.initContainers[0].image', 'c'],
      ['spec.template.spec.ephemeralContainers[0].image', 'd'],
      ['spec.template.spec.volumes[1].image.reference', 'e'],
    ]);
  });

  it('are found in every item of a list kind', () => {
    const items = [deployment({ containers: [{ image: 'a' }] }), deployment({ containers: [{}] })];
    expect(imagesOf('kubernetes:apps/v1:DeploymentList', { items })).toEqual([
      ['items[0].spec.template.spec.containers[0].image', 'a'],
      ['items[1].spec.template.spec.containers[0].image', undefined],
    ]);
  });

  it('may be absent from a patch only', () => {
    const patch = deployment({ containers: [{ name: 'app' }] });
    const [image] = workloadImages(kind('kubernetes:apps/v1:DeploymentPatch'), patch).images;
    expect(image).toMatchObject({ value: undefined, optional: true });
    const [needed] = workloadImages(kind('kubernetes:apps/v1:Deployment'), patch).images;
    expect(needed).toMatchObject({ value: undefined, optional: false });
  });

  it.each([
    ['no list', {}],
    ['an empty list', { containers: [] }],
    ['init containers alone', { initContainers: [{ image: 'a' }] }],
  ])('are missing where a pod has %s of containers', (_, spec) => {
    const { empty } = workloadImages(kind('kubernetes:apps/v1:Deployment'), deployment(spec));
    expect(empty).toEqual(['spec.template.spec.containers']);
  });

  it('that are unknown, or below something unknown, are neither empty nor missing', () => {
    for (const unknown of [
      { spec: UNKNOWN },
      deployment(UNKNOWN),
      deployment({ containers: UNKNOWN }),
      deployment({ containers: [UNKNOWN] }),
    ]) {
      const { images, empty } = workloadImages(kind('kubernetes:apps/v1:Deployment'), unknown);
      expect(empty).toEqual([]);
      expect(images.length).toBeGreaterThan(0);
      expect(images.every(({ value }) => value === UNKNOWN)).toBe(true);
    }
  });

  it('of a declared kind are at the declared paths', () => {
    const rollout = {
      type: 'kubernetes:argoproj.io/v1alpha1:Rollout',
      images: ['spec.steps.*.image'],
    };
    const { images } = workloadImages(rollout, {
      spec: { steps: [{ image: 'a' }, { image: 'b' }] },
    });
    expect(images.map(({ path }) => path)).toEqual(['spec.steps[0].image', 'spec.steps[1].image']);
  });
});

describe('values that look like containers in an unknown kind', () => {
  it('is found wherever it is', () => {
    const properties = { spec: { strategy: [{ pod: { containers: [{ image: 'a' }] } }] } };
    expect(containerLists(properties)).toEqual(['spec.strategy[0].pod.containers']);
  });

  it('does not include lists of other things', () => {
    expect(containerLists({ spec: { containers: ['a'], image: 'b' } })).toEqual([]);
    expect(containerLists({ spec: { containers: [{ name: 'blob-container' }] } })).toEqual([]);
  });
});
