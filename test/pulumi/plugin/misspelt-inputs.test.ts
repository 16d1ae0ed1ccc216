import { openWorkbench, PASSWORD, type ResourceName, type Workbench } from './support/workbench';

let bench: Workbench;
beforeAll(async () => {
  bench = await openWorkbench();
});
afterAll(() => bench.close());

const image = (): string => `${bench.registry.host}/team/app:v1`;
const key = { ref: 'cosign.key', password: PASSWORD };
const build = { context: 'app' };
const pinned = (): string => `${bench.registry.host}/team/app@sha256:${'a'.repeat(64)}`;

interface Case {
  readonly resource: ResourceName;
  readonly declared: () => object;
  /** The misspelt path, and the member that was meant. */
  readonly problem: readonly [path: string, meant: string];
}

const plan = (declared: object, ...problem: Case['problem']): Case => ({
  resource: 'SigningPlan',
  declared: () => ({ image: image(), key, build, ...declared }),
  problem,
});
const verified = (declared: object, ...problem: Case['problem']): Case => ({
  resource: 'VerifiedImage',
  declared: () => ({ image: pinned(), keys: [bench.publicKey], ...declared }),
  problem,
});

const CASES: readonly Case[] = [
  plan({ key: { ref: 'cosign.key', pasword: PASSWORD } }, 'key.pasword', 'password'),
  plan({ key: { reff: 'cosign.key', password: PASSWORD } }, 'key.reff', 'ref'),
  plan({ key: undefined, kye: key }, 'kye', 'key'),
  plan({ image: undefined, imgae: 'x' }, 'imgae', 'image'),
  plan({ build: { contxt: 'app' } }, 'build.contxt', 'context'),
  plan({ build: { context: 'app', dockerfil: 'x' } }, 'build.dockerfil', 'dockerfile'),
  plan({ build: undefined, bild: build }, 'bild', 'build'),
  plan({ key: undefined, keyless: { tokenFil: 'x' } }, 'keyless.tokenFil', 'tokenFile'),
  plan({ key: undefined, keyless: { provder: 'github-actions' } }, 'keyless.provder', 'provider'),
  plan({ registry: { username: 'u', pasword: 'x' } }, 'registry.pasword', 'password'),
  plan(
    { registry: { clientCertificat: 'x', clientKey: 'y' } },
    'registry.clientCertificat',
    'clientCertificate',
  ),
  plan(
    { sigstore: { confirmPublik: true }, transparency: 'public' },
    'sigstore.confirmPublik',
    'confirmPublic',
  ),
  plan({ transparency: 'private', sigstore: { rekorUlr: 'x' } }, 'sigstore.rekorUlr', 'rekorUrl'),
  plan({ transparncy: 'private' }, 'transparncy', 'transparency'),
  plan({ source: { comit: 'x' } }, 'source.comit', 'commit'),
  plan({ source: { alowDirty: true } }, 'source.alowDirty', 'allowDirty'),
  plan({ verify: { trustedKeys: [{ kye: 'x' }] } }, 'verify.trustedKeys[0].kye', 'key'),
  plan({ provenance: { from: 'github-actions' } }, 'provenance.from', 'form'),
  verified({ keys: undefined, kyes: ['x'] }, 'kyes', 'keys'),
  verified({ keys: undefined, identites: [{}] }, 'identites', 'identities'),
  verified({ identities: [{ identity: 'x', isuer: 'y' }] }, 'identities[0].isuer', 'issuer'),
  verified({ trustedKeys: [{ kye: 'x' }] }, 'trustedKeys[0].kye', 'key'),
  verified(
    { provenance: { externalParameter: '1' } },
    'provenance.externalParameter',
    'externalParameters',
  ),
];

it.each(CASES)(
  '$problem.0 is the only problem of $resource: checks that need $problem.1 are skipped',
  async ({ resource, declared, problem: [path, meant] }) => {
    expect(await bench.problems(resource, declared())).toEqual([
      `${path}: unknown; did you mean "${meant}"?`,
    ]);
  },
);

it('a misspelt member does not hide other problems of its object', async () => {
  const declared = {
    image: image(),
    key: { reff: 'x' },
    build: { contxt: 'app', platforms: ['x'] },
  };
  const problems = await bench.problems('SigningPlan', declared);
  expect(problems).toEqual(
    expect.arrayContaining([
      'key.reff: unknown; did you mean "ref"?',
      'build.contxt: unknown; did you mean "context"?',
      expect.stringMatching(/^build\.platforms/),
    ]),
  );
  expect(problems).toHaveLength(3);
});
