import { containersOfPod, type Pod } from '../../src/audit/pod-containers';
import { runningImages } from '../../src/audit/running-image';

const A = `sha256:${'1a'.repeat(32)}`;
const B = `sha256:${'2b'.repeat(32)}`;
const REGISTRY = 'registry.example.com';

const running = (name: string, imageID: string) => ({ name, imageID, state: { running: {} } });

const POD: Pod = {
  metadata: { namespace: 'shop', name: 'web' },
  spec: {
    initContainers: [{ name: 'migrate', image: `${REGISTRY}/tool:v1` }],
    containers: [
      { name: 'app', image: `${REGISTRY}/app:v1` },
      { name: 'side', image: `${REGISTRY}/app@${A}` },
    ],
    ephemeralContainers: [{ name: 'debug', image: 'busybox' }],
  },
  status: {
    phase: 'Running',
    initContainerStatuses: [
      { name: 'migrate', imageID: `${REGISTRY}/tool@${B}`, state: { terminated: {} } },
    ],
    containerStatuses: [
      running('side', `${REGISTRY}/app@${A}`),
      running('app', `docker-pullable://${REGISTRY}/app@${A}`),
    ],
    ephemeralContainerStatuses: [running('debug', B)],
  },
};

describe('the containers of a pod', () => {
  test("are those of all three lists, each with the node's report", () => {
    const all = containersOfPod(POD).map(({ container, kind, imageId }) => [
      container,
      kind,
      imageId,
    ]);
    expect(all).toEqual([
      ['migrate', 'init', `${REGISTRY}/tool@${B}`],
      ['app', 'container', `docker-pullable://${REGISTRY}/app@${A}`],
      ['side', 'container', `${REGISTRY}/app@${A}`],
      ['debug', 'ephemeral', B],
    ]);
  });

  test.each(['Succeeded', 'Failed'])('are empty when it is %s', (phase) => {
    expect(containersOfPod({ ...POD, status: { ...POD.status, phase } })).toEqual([]);
  });

  test('wait until the node has reported what it pulled', () => {
    const [container] = containersOfPod({
      spec: { containers: [{ name: 'app', image: 'nginx' }] },
      status: { phase: 'Pending', containerStatuses: [{ name: 'app', imageID: '' }] },
    });
    expect(container).toMatchObject({ waits: true, imageId: undefined });
  });
});

describe('the distinct images', () => {
  const imagesOf = (...containers: readonly (readonly [string, string | undefined, boolean?])[]) =>
    runningImages(
      containers.map(([image, imageId, waits = false], index) => ({
        namespace: 'shop',
        pod: `pod-${index}`,
        container: 'app',
        kind: 'container',
        image,
        imageId,
        waits,
      })),
    );

  test('a tag counts as what the node pulled by it', () => {
    const images = imagesOf(
      [`${REGISTRY}/app:v1`, `${REGISTRY}/app@${A}`],
      [`${REGISTRY}/app@${A}`, `docker-pullable://${REGISTRY}/app@${A}`],
      [`${REGISTRY}/app:v1`, `${REGISTRY}/app@${B}`],
    );
    expect(images.map(({ name, containers }) => [name, containers.length])).toEqual([
      [`${REGISTRY}/app@${A}`, 2],
      [`${REGISTRY}/app@${B}`, 1],
    ]);
  });

  test('the same bytes are verified under the names of the node and of the pods', () => {
    const [image] = imagesOf(
      [`${REGISTRY}/app:v1`, `mirror.example.com/app@${A}`],
      [`${REGISTRY}/other:v1`, `mirror.example.com/app@${A}`],
    );
    expect(image).toMatchObject({
      repositories: [
        { registry: 'mirror.example.com', path: 'app' },
        { registry: REGISTRY, path: 'app' },
        { registry: REGISTRY, path: 'other' },
      ],
    });
  });

  test('are reported as unknown or not started without a manifest', () => {
    const images = imagesOf(
      ['app:v1', A],
      ['app:v1', 'what?'],
      ['app:v1', undefined],
      ['app:v1', undefined, true],
      ['user:canary-in-a-reference@host/app', undefined],
    );
    expect(images.map(({ kind }) => kind)).toEqual([
      'unknown',
      'unknown',
      'unknown',
      'not-started',
      'unknown',
    ]);
    expect(new Set(images.map((each) => ('reason' in each ? each.reason : '')))).toHaveProperty(
      'size',
      4,
    );
    expect(JSON.stringify(images.map(({ name }) => name))).not.toContain('canary');
  });
});
