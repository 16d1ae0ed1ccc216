import { CUSTOM_WORKLOADS, RENDERED, typeOf, UNKNOWN_WORKLOADS } from '../support/custom-workloads';
import { KUBERNETES, DIGEST, OTHER, IMAGE, verification } from './support/resources';
import { ask, type Described } from './support/verdicts';

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
      expect.stringContaining('where its images cannot be checked'),
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
