import { type RunningSigstore, startSigstore } from '../../../dev/sigstore';
import { fluxVerification, type FluxVerificationArgs } from '../../../src/enforce/admission';
import { ARGS, IDENTITY, KEY, KEYLESS, problemsOf } from './support/policies';

const images = ['registry.example.com/acme/deploy'];
const BY_KEY = { ...ARGS, images };
const BY_IDENTITY = { ...KEYLESS, images };

let sigstore: RunningSigstore;
beforeAll(async () => {
  sigstore = await startSigstore();
});
afterAll(() => sigstore.close());

const decoded = (text: unknown) => Buffer.from(String(text), 'base64').toString();
const wrong = (args: FluxVerificationArgs) => problemsOf(() => fluxVerification(args));

describe('what Flux verifies', () => {
  it('is an artifact by the keys of a secret, any of them', () => {
    const { manifests, verify } = fluxVerification({ ...BY_KEY, keys: [KEY, KEY] });
    expect(verify).toEqual({ provider: 'cosign', secretRef: { name: 'acme-keys' } });
    const [secret, repository] = manifests;
    expect(secret).toMatchObject({
      kind: 'Secret',
      metadata: { name: 'acme-keys', namespace: 'flux-system' },
    });
    const data = secret!['data'] as Record<string, string>;
    expect(Object.entries(data).map(([name, text]) => [name, decoded(text)])).toEqual([
      ['key-1.pub', KEY],
      ['key-2.pub', KEY],
    ]);
    expect(repository).toMatchObject({
      apiVersion: 'source.toolkit.fluxcd.io/v1',
      kind: 'OCIRepository',
      metadata: { name: 'acme-acme-deploy', namespace: 'flux-system' },
      spec: { interval: '10m', url: 'oci://registry.example.com/acme/deploy', verify },
    });
  });

  it('has a name of its own for every repository, which Kubernetes takes', () => {
    const paths = [
      'a.example/b/c',
      'a.example/b-c',
      'b.example/b/c',
      `a.example/${'d/'.repeat(60)}e`,
    ];
    const { manifests } = fluxVerification({ ...BY_KEY, images: paths });
    const names = manifests.slice(1).map(({ metadata }) => metadata.name);
    expect(new Set(names).size).toBe(paths.length);
    for (const name of names) expect(name).toMatch(/^acme-[a-z0-9-]{1,57}[a-z0-9]$/);
  });

  it('is an artifact by identities, as expressions that match nothing else', () => {
    const { verify, manifests } = fluxVerification(BY_IDENTITY);
    expect(manifests).toHaveLength(1);
    const [match] = verify.matchOIDCIdentity!;
    expect(new RegExp(match!.subject).test(IDENTITY.identity)).toBe(true);
    expect(new RegExp(match!.subject).test(`${IDENTITY.identity}-2`)).toBe(false);
    expect(match!.issuer).toBe('^https://token\\.actions\\.githubusercontent\\.com$');
  });

  it('is judged by the trusted root of an own instance', () => {
    const trustedRoot = JSON.stringify(sigstore.trustedRoot);
    const { manifests, verify, warnings } = fluxVerification({
      ...BY_IDENTITY,
      trustedRoot,
      namespace: 'apps',
      interval: '1h30m',
    });
    expect(verify.trustedRootSecretRef).toEqual({ name: 'acme-trusted-root' });
    const [secret, repository] = manifests;
    const data = secret!['data'] as Record<string, string>;
    expect(JSON.parse(decoded(data['trusted_root.json']))).toEqual(sigstore.trustedRoot);
    expect(repository).toMatchObject({
      metadata: { namespace: 'apps' },
      spec: { interval: '1h30m' },
    });
    expect(warnings).toContainEqual(expect.stringContaining('1.9'));
  });

  it('does not include what Flux does not check, and lists that', () => {
    const { warnings, manifests } = fluxVerification({
      ...BY_KEY,
      transparency: 'log',
      annotations: { a: 'b' },
      provenance: {},
      namespaces: ['a'],
    });
    expect(warnings).toEqual([
      expect.stringContaining('source-controller 1.8'),
      'Flux does not check the annotations and the provenance, only the signer.',
      expect.stringContaining('require a log'),
      expect.stringContaining('artifacts that it pulls'),
    ]);
    expect(manifests.at(-1)!.metadata.annotations).toMatchObject({
      'signed-image/notes': warnings.join('\n'),
    });
    expect(fluxVerification({ ...BY_KEY, format: 'both' }).warnings).toEqual([]);
  });

  it('is refused where Flux would verify nothing, or something else', () => {
    const silent = JSON.stringify({
      ...sigstore.trustedRoot,
      tlogs: sigstore.trustedRoot.tlogs.map((log) => ({ ...log, baseUrl: '' })),
    });
    expect([
      ...wrong(ARGS),
      ...wrong({ ...BY_IDENTITY, keys: [KEY] }),
      ...wrong({ ...BY_IDENTITY, transparency: 'timestamp' }),
      ...wrong({ ...BY_IDENTITY, trustedRoot: silent }),
      ...wrong({ ...BY_KEY, action: 'Warn' }),
      ...wrong({ ...BY_KEY, namespace: 'Apps' }),
      ...wrong({ ...BY_KEY, interval: 'often' }),
    ]).toEqual([
      expect.stringMatching(/^images\[0\]: .*without "\*"/),
      expect.stringMatching(/^identities: are not checked by Flux if keys are set/),
      expect.stringMatching(/^transparency: /),
      expect.stringMatching(/^trustedRoot: .*baseUrl/),
      expect.stringMatching(/^action: /),
      expect.stringMatching(/^namespace: /),
      expect.stringMatching(/^interval: /),
    ]);
  });
});
