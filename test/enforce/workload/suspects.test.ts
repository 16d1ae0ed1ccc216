import { builtInKinds, resourceImages } from '../../../src/enforce/workload';

const TYPE = 'kubernetes:acme.example/v1:Server';
const DIGEST = `sha256:${'a'.repeat(64)}`;

const problemsOf = (spec: object, type = TYPE, further: object = {}) =>
  resourceImages({ type, properties: { ...further, spec } }, builtInKinds()).problems;

describe('an unknown kind', () => {
  it.each([
    ['under a generic key, at a registry with a port', { runs: 'registry:5000/evil/miner:1' }],
    ['under a key that says nothing, by its digest', { runs: `evil/miner@${DIGEST}` }],
    ['as a URL of a registry', { image: 'oci://registry.example/evil/miner:1' }],
    ['as a URL in capitals', { image: 'DOCKER://evil/miner' }],
    ['as a URL of CDI under another key', { url: 'docker://evil/miner' }],
    ['with white space around it', { image: ' evil/miner:1\n' }],
  ])('is suspect with an image %s', (_, spec) => {
    expect(problemsOf(spec)).toEqual([
      expect.stringMatching(/the paths of its images are not known/),
    ]);
  });

  it.each([
    { url: 'oci://registry.example/charts/app' },
    { address: 'service:8080/path' },
    { image: 'https://pictures.example/cat.png' },
    { digest: DIGEST },
  ])('is not suspect with %j', (spec) => {
    expect(problemsOf(spec)).toEqual([]);
  });
});

it('a resource that would be made in another version than it is declared in is refused', () => {
  const sent = { apiVersion: 'acme.example/v2', kind: 'Server' };
  expect(problemsOf({}, TYPE, sent)).toEqual([expect.stringMatching(/would be created as Server/)]);
  expect(problemsOf({}, TYPE, { ...sent, apiVersion: 'acme.example/v1' })).toEqual([]);
  const core = 'kubernetes:core/v1:ConfigMap';
  expect(problemsOf({}, core, { apiVersion: 'v1', kind: 'ConfigMap' })).toEqual([]);
});
