import { GITLAB_CLAIMS, personAtBrowser } from '../../../dev/identity';
import { toValue, UNKNOWN, type Properties } from '../../../src/pulumi/plugin/protocol/wire-value';
import { pushImage } from '../../interop/support/images';
import { openWorkbench, plain, type Workbench } from './support/workbench';

let bench: Workbench;
let images: readonly string[];

beforeAll(async () => {
  bench = await openWorkbench();
  const pushed = [await pushImage(bench.registry.host), await pushImage(bench.registry.host)];
  images = pushed.map(({ reference }) => reference);
});
afterAll(() => bench.close());
beforeEach(() => {
  bench.said.splice(0);
  bench.registry.clearRequests();
});

const signature = (image: string | undefined, keyless: object): object => {
  const { fulcioUrl, rekorUrl } = bench.sigstore;
  return { image, keyless, sigstore: { fulcioUrl, rekorUrl, trustedRoot: 'trusted_root.json' } };
};

const urn = 'urn:pulumi:s::p::signed-image:index:ImageSignature::app';

/** Checks and creates a signature, with a person who reads the log and opens its URLs. */
async function make(declared: object, preview: boolean) {
  const person = personAtBrowser();
  const info = (line: string): void => {
    bench.log.info(line);
    if (line.startsWith('sign in ')) person.announce(line);
  };
  const log = { ...bench.log, info };
  const resource = bench.resource('ImageSignature');
  const news = toValue(declared) as Properties;
  const { inputs, problems } = await resource.check({ urn, olds: {}, news, log });
  expect(problems).toEqual([]);
  return { ...(await resource.create({ urn, inputs, preview, log })), inputs };
}

const signIns = () => bench.said.filter((line) => line.startsWith('sign in '));
const asked = () => bench.sigstore.requests.filter(({ service }) => service === 'issuer').length;

describe('an interactive login', () => {
  it.each(['browser', 'device'])(
    'does not happen in a preview (%s), which logs that',
    async (provider) => {
      const before = asked();
      const keyless = { provider, issuer: bench.sigstore.issuer.url };
      const { outputs } = await make(signature(images[0], keyless), true);
      expect(outputs['signer']).toBe(UNKNOWN);
      expect(bench.said).toEqual([
        'would ask you to sign in, and then create the missing signatures',
      ]);
      expect(asked()).toBe(before);
      expect(bench.writes()).toEqual([]);
    },
  );

  it('happens once for two images, by a message of the engine', async () => {
    const { email } = bench.sigstore.issuer.login;
    const issuer = bench.sigstore.issuer.url;
    const keyless = { provider: 'browser', issuer };
    const signed = await Promise.all(images.map((image) => make(signature(image, keyless), false)));
    for (const { outputs } of signed) {
      expect(plain(outputs, 'signer')).toEqual({ kind: 'keyless', identity: email, issuer });
    }
    expect(signIns()).toHaveLength(1);
    expect(bench.sigstore.log.entries.length).toBeGreaterThanOrEqual(2);
  });

  it('and refuses leaves nothing behind', async () => {
    const { issuer } = bench.sigstore;
    issuer.login.decision = 'deny';
    const keyless = { provider: 'device', issuer: issuer.url, clientId: 'another-client' };
    const before = bench.sigstore.log.entries.length;
    await expect(make(signature(images[0], keyless), false)).rejects.toMatchObject({
      code: 'IDENTITY_UNAVAILABLE',
      property: 'keyless.provider',
    });
    issuer.login.decision = 'approve';
    expect(bench.writes()).toEqual([]);
    expect(bench.sigstore.log.entries).toHaveLength(before);
  });
});

describe('a stored token', () => {
  const write = (project: string, branch: string): void => {
    const ref = `gitlab.com/${project}//.gitlab-ci.yml@refs/heads/${branch}`;
    const claims = { ...GITLAB_CLAIMS, ci_config_ref_uri: ref };
    bench.write('job.token', bench.sigstore.issuer.token({ claims }));
  };
  const declared = () => signature(images[0], { tokenFile: 'job.token' });

  it('of another run makes no difference, and one of another pipeline does', async () => {
    write('team/app', 'main');
    const first = await bench.create('ImageSignature', declared());
    expect(plain(first.inputs, 'signer')).toEqual({
      kind: 'keyless',
      issuer: bench.sigstore.issuer.url,
      identity: 'https://gitlab.com/team/app//.gitlab-ci.yml',
    });
    write('team/app', 'main');
    expect((await bench.update('ImageSignature', first, declared())).changed).toEqual([]);
    write('team/app', 'feature');
    expect((await bench.update('ImageSignature', first, declared())).changed).toEqual([]);

    write('team/other', 'main');
    const second = await bench.update('ImageSignature', first, declared());
    expect(second.changed).toEqual(['signer']);
    expect(plain(second.outputs, 'signer')).toMatchObject({
      identity: 'https://gitlab.com/team/other//.gitlab-ci.yml@refs/heads/main',
    });
  });
});

describe('a declaration of an identity that cannot be meant', () => {
  it.each<[object, RegExp]>([
    [{ provider: 'jenkins' }, /^keyless\.provider: must be one of auto, github-actions, .*device/],
    [{ interactive: 'phone' }, /^keyless\.interactive: must be one of browser, device/],
    [
      { provider: 'spiffe', interactive: 'browser' },
      /^keyless\.interactive: is not used by the provider "spiffe"/,
    ],
    [
      { provider: 'google', tokenEnv: 'TOKEN' },
      /^keyless\.tokenEnv: is not used by the provider "google"/,
    ],
    [
      { provider: 'gitlab-ci', tokenFile: 'job.token' },
      /^keyless\.tokenFile: is not used by the provider "gitlab-ci"/,
    ],
    [{ provider: 'browser', issuer: 'http://issuer.example' }, /^keyless\.issuer: .*https/],
    [{ tokenFile: 'job.token', issuer: ' ' }, /^keyless\.issuer: is empty/],
  ])('%j is refused on its property', async (keyless, expected) => {
    const problems = await bench.problems('ImageSignature', signature(images[0], keyless));
    expect(problems).toContainEqual(expect.stringMatching(expected));
  });
});
