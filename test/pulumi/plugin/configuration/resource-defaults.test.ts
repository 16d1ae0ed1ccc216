import { withDefaults } from '../../../../src/pulumi/plugin/configuration/resource-defaults';
import { Secret, UNKNOWN } from '../../../../src/pulumi/plugin/protocol/wire-value';

const registry = { host: 'registry.example.com:5000', username: 'ci', password: new Secret('p') };
const image = 'registry.example.com:5000/team/app:v1';

const registryOf = (declared: string | typeof UNKNOWN, host = registry.host): unknown =>
  withDefaults('VerifiedImage', { image: declared }, { registry: { ...registry, host } }).inputs[
    'registry'
  ];

describe('the defaults of the provider', () => {
  it('give the credentials of a registry to images in it, and to no others', () => {
    expect(registryOf(image)).toEqual({ username: 'ci', password: new Secret('p') });
    for (const other of [
      'registry.example.com/team/app',
      'registry.example.com:5001/team/app',
      'evil.example.com/registry.example.com:5000/app',
      'registry.example.com:5000.evil.example.com/app',
      'team/app',
      'not a reference',
      UNKNOWN,
    ] as const) {
      expect(registryOf(other)).toBeUndefined();
    }
  });

  it.each(['docker.io', 'index.docker.io', 'registry-1.docker.io'])(
    'know Docker Hub by the name %s',
    (host) => {
      for (const name of ['team/app', 'app', 'docker.io/team/app', 'index.docker.io/app']) {
        expect(registryOf(name, host)).toBeDefined();
      }
      expect(registryOf(image, host)).toBeUndefined();
    },
  );

  it('never complete a declared access: its parts would belong to different accounts', () => {
    const declared = { image, registry: { caFile: 'ca.pem' } };
    expect(withDefaults('VerifiedImage', declared, { registry }).inputs).toEqual(declared);
    const secret = { image, registry: new Secret({ username: 'me' }) };
    expect(withDefaults('VerifiedImage', secret, { registry }).inputs).toEqual(secret);
  });

  it('merge annotations and source by member, and keep a secret mark', () => {
    const provider = {
      annotations: { stage: 'production', team: 'web' },
      source: { branch: 'main' },
    };
    const { inputs, defaulted } = withDefaults(
      'ImageSignature',
      { image, annotations: new Secret({ team: 'api' }) },
      provider,
    );
    expect(inputs).toEqual({
      image,
      annotations: new Secret({ stage: 'production', team: 'api' }),
      source: { branch: 'main' },
    });
    expect([...defaulted]).toEqual(['source']);
  });

  it('trust their signers only for an image that names none of its own', () => {
    const trust = { keys: ['default.pub'], identities: [{ identity: 'i', issuer: 'j' }] };
    const trusted = (declared: object) =>
      withDefaults('VerifiedImage', { image, ...declared }, { trust }).inputs;
    expect(trusted({})).toEqual({ image, ...trust });
    expect(trusted({ keys: ['own.pub'] })).toEqual({ image, keys: ['own.pub'] });
    expect(trusted({ trustedKeys: UNKNOWN })).toEqual({ image, trustedKeys: UNKNOWN });
    expect(trusted({ keys: [] })).toEqual({ image, keys: [] });
  });

  it('of a verification do not include annotations: there they would be a requirement', () => {
    expect(withDefaults('VerifiedImage', { image }, { annotations: { a: 'b' } }).inputs).toEqual({
      image,
    });
    expect(withDefaults('ImageBuild', { image }, { transparency: 'none' }).inputs).toEqual({
      image,
    });
  });
});
