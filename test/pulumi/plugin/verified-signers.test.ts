import { Secret, UNKNOWN } from '../../../src/pulumi/plugin/protocol/wire-value';
import { openWorkbench, PASSWORD, plain, type Workbench } from './support/workbench';

let bench: Workbench;
let image: string;

beforeAll(async () => {
  bench = await openWorkbench();
  const build = await bench.create('ImageBuild', {
    image: `${bench.registry.host}/team/app:v1`,
    build: { context: 'app' },
  });
  image = `${bench.registry.host}/team/app@${String(build.outputs['claimedDigest'])}`;
});
afterAll(() => bench.close());

const policy = (more: object): object => ({ image, keys: [bench.publicKey], ...more });

describe('the signers of a VerifiedImage', () => {
  it('refuses patterns and claims with all that is wrong at once, each on its property', async () => {
    const identities = [
      { identity: 'a', identityPattern: 'b', issuer: 'c' },
      { identityPattern: '.*', issuerPattern: '(' },
      {
        identity: 'a',
        issuer: 'b',
        claims: { sourceRef: '' },
        claimPatterns: { buildTrigger: 'pu++', sourceDigest: '.+' },
      },
    ];
    const problems = await bench.problems('VerifiedImage', policy({ identities }));
    expect([...problems].sort()).toEqual([
      expect.stringMatching(/^identities\[0\]\.identityPattern: cannot be combined/),
      expect.stringMatching(/^identities\[1\]\.identityPattern: matches everyone/),
      expect.stringMatching(/^identities\[1\]\.issuerPattern: is not a valid regular expression/),
      expect.stringMatching(/^identities\[2\]\.claimPatterns\.buildTrigger: is not a valid/),
      expect.stringMatching(/^identities\[2\]\.claimPatterns\.sourceDigest: matches every value/),
      expect.stringMatching(/^identities\[2\]\.claims\.sourceRef: is empty/),
    ]);
  });

  it('takes patterns and claims, also those that a preview does not know', async () => {
    const identities = [
      {
        identityPattern: 'https://github\\.com/acme/.+',
        issuer: UNKNOWN,
        claims: { runnerEnvironment: 'github-hosted', sourceRef: UNKNOWN },
        claimPatterns: UNKNOWN,
      },
      { identity: UNKNOWN, issuerPattern: 'https://issuer\\.example/.*' },
    ];
    expect(await bench.problems('VerifiedImage', policy({ identities }))).toEqual([]);
  });
});

describe('the requirements of a VerifiedImage', () => {
  const required = (more: object = {}): object => ({
    image,
    require: [{ name: 'build', keys: [bench.publicKey], ...more }],
  });

  it('refuses what is wrong, all at once and each on its property', async () => {
    const problems = await bench.problems('VerifiedImage', {
      image,
      annotations: { team: 'blue' },
      require: [
        { predicateType: 'sbom', keys: ['missing.pub'], maxAge: 'x' },
        { keys: [bench.publicKey], count: 2, condition: 'predicat == 1' },
        { name: 'unsigned' },
      ],
    });
    expect([...problems].sort()).toEqual([
      expect.stringMatching(/^annotations: has no effect without/),
      expect.stringMatching(/^require\[0\]\.keys\[0\]: /),
      expect.stringMatching(/^require\[0\]\.maxAge: must be a duration/),
      expect.stringMatching(/^require\[0\]\.predicateType: must be one of/),
      expect.stringMatching(/^require\[1\]\.condition: .*there is no "predicat"/),
      expect.stringMatching(/^require\[1\]\.count: can never be met/),
      expect.stringMatching(/^require\[2\]\.keys: no signer is trusted/),
    ]);
  });

  it('suggests the right name of a misspelt member', async () => {
    const problems = await bench.problems('VerifiedImage', required({ predicatType: 'vuln' }));
    expect(problems).toEqual([
      expect.stringMatching(/^require\[0\]\.predicatType: .*predicateType/),
    ]);
  });

  it('cannot be proved by an archive, which has no attestations', async () => {
    const problems = await bench.problems('VerifiedImage', { ...required(), exportProof: true });
    expect(problems).toEqual([expect.stringMatching(/^exportProof: cannot be combined/)]);
  });

  it('takes requirements that a preview does not know', async () => {
    expect(await bench.problems('VerifiedImage', { image, require: UNKNOWN })).toEqual([]);
    expect(await bench.problems('VerifiedImage', required({ keys: [UNKNOWN] }))).toEqual([]);
  });

  it('verifies by them alone, finds what was removed, and verifies again', async () => {
    await expect(bench.create('VerifiedImage', required())).rejects.toThrow(
      /missing: build \(signature\) is missing/,
    );
    const key = { ref: 'cosign.key', password: new Secret(PASSWORD) };
    const signed = await bench.create('ImageSignature', { image, key, annotations: { a: 'b' } });
    const verified = await bench.create('VerifiedImage', required());
    expect(verified.outputs).toMatchObject({ imageRef: image, signedAnnotations: { a: 'b' } });
    expect(JSON.parse(String(verified.outputs['verification']))).toMatchObject({
      requirements: [{ name: 'build', status: 'present', count: 1 }],
    });
    expect((await bench.update('VerifiedImage', verified, required())).changed).toEqual([]);
    const [signature] = plain(signed.outputs, 'signatures') as readonly { stored: string }[];
    bench.registry.store.deleteManifest('team/app', signature!.stored);
    const resource = bench.resource('VerifiedImage');
    const refreshed = await resource.read({ urn: 'urn', ...verified, log: bench.log });
    expect(refreshed?.outputs['drift']).toEqual([
      expect.stringMatching(/^requirement build is missing/),
    ]);
  });
});
