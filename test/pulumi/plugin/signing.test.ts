import { parseDigest } from '../../../src/oci';
import { type Properties, Secret, UNKNOWN } from '../../../src/pulumi/plugin/protocol/wire-value';
import { openWorkbench, PASSWORD, plain, type Record, type Workbench } from './support/workbench';

let bench: Workbench;
let image: string;
let build: Record;

beforeAll(async () => {
  bench = await openWorkbench();
  build = await bench.create('ImageBuild', {
    image: `${bench.registry.host}/team/app:v1`,
    build: { context: 'app' },
  });
  image = `${bench.registry.host}/team/app@${String(build.outputs['claimedDigest'])}`;
});
afterAll(() => bench.close());
beforeEach(() => {
  bench.said.splice(0);
  bench.registry.clearRequests();
  bench.registry.settings.faults = undefined;
});

const key = { ref: 'cosign.key', password: new Secret(PASSWORD) };
const signature = (more: object = {}): object => ({
  image,
  key,
  facts: plain(build.outputs, 'facts'),
  build: plain(build.outputs, 'summary'),
  annotations: { team: 'blue' },
  ...more,
});
const digest = (): string => image.split('@')[1] ?? '';

describe('ImageSignature', () => {
  let signed: Record;

  it('signs the image and its provenance, with facts and annotations', async () => {
    signed = await bench.create('ImageSignature', signature());
    expect(signed.id).toBe(`${bench.registry.host}/team/app`);
    expect(plain(signed.outputs, 'signatures')).toMatchObject([
      { subject: digest(), purpose: 'signature', format: 'bundle' },
      { subject: digest(), purpose: 'provenance', format: 'bundle' },
    ]);
    expect(plain(signed.outputs, 'signedAnnotations')).toMatchObject({
      team: 'blue',
      branch: 'main',
      repo: 'https://git.example.test/team/app.git',
    });
    const predicate = JSON.parse(String(signed.outputs['signedProvenance'])) as object;
    expect(predicate).toMatchObject({
      buildDefinition: { externalParameters: { dockerfile: 'app/Dockerfile' } },
    });
    expect(signed.outputs['witnessed']).toBe('none');
    expect(JSON.stringify(signed)).not.toContain(PASSWORD);
    expect(signed.inputs['key']).toEqual({ ref: 'cosign.key' });
  });

  it('keeps the text of a key out of its inputs', async () => {
    const { readFile } = bench.environment.host;
    const text = await readFile('cosign.key');
    const again = await bench.create(
      'ImageSignature',
      signature({ key: { ...key, ref: new Secret(text) } }),
    );
    expect(JSON.stringify(again)).not.toContain('ENCRYPTED SIGSTORE PRIVATE KEY');
    expect(again.inputs['key']).toEqual({ ref: 'PEM text, not stored' });
    // The same key at another path: the existing signature is found, and nothing is written.
    expect(bench.said.at(-1)).toMatch(/^already signed .*: 2 reused, nothing written/);
    expect(bench.writes()).toEqual([]);
  });

  it('has nothing to do when nothing changed', async () => {
    const { changed } = await bench.update('ImageSignature', signed, signature());
    expect(changed).toEqual([]);
    expect(bench.registry.requests).toEqual([]);
  });

  it('logs in a preview what an update would do, and writes nothing', async () => {
    const resource = bench.resource('ImageSignature');
    const urn = 'urn:pulumi:s::p::signed-image:index:ImageSignature::app';
    const request = { urn, preview: true, log: bench.log };
    await resource.create({ ...request, inputs: signed.inputs });
    expect(bench.said.at(-1)).toBe('would reuse 2 signatures and write nothing');
    const other = { ...signed.inputs, annotations: { team: 'green' } };
    const { outputs } = await resource.create({ ...request, inputs: other });
    expect(bench.said.at(-1)).toBe('would sign 1 and reuse 1');
    expect(outputs['signatures']).toBe(UNKNOWN);
    expect(plain(outputs, 'signedAnnotations')).toMatchObject({ team: 'green' });
    await resource.create({ ...request, inputs: { ...other, image: UNKNOWN } });
    expect(bench.said.at(-1)).toBe('would sign the image when it is built');
    expect(bench.writes()).toEqual([]);
  });

  it('signs again just what an annotation changes', async () => {
    const updated = await bench.update(
      'ImageSignature',
      signed,
      signature({ annotations: { team: 'green' } }),
    );
    expect(updated.changed).toEqual(['annotations']);
    expect(bench.said.at(-1)).toMatch(/1 created, 1 reused$/);
  });

  it('signs again in the legacy format alone when the signed identity changes', async () => {
    // An image of its own, as the other tests expect one format.
    const { outputs } = await bench.create('ImageBuild', {
      image: `${bench.registry.host}/team/claimed:v1`,
      build: { context: 'app' },
    });
    const claiming = (tag: string) =>
      signature({
        image: `${bench.registry.host}/team/claimed@${String(outputs['claimedDigest'])}`,
        format: 'both',
        signedIdentity: `registry.example.com/team/app:${tag}`,
      });
    const first = await bench.create('ImageSignature', claiming('v1'));
    const resource = bench.resource('ImageSignature');
    const read = { urn: 'urn', ...first, log: bench.log };
    expect((await resource.read(read))?.outputs['drift']).toEqual([]);
    const updated = await bench.update('ImageSignature', first, claiming('v2'));
    expect(updated.changed).toEqual(['signedIdentity']);
    expect(bench.said.at(-1)).toMatch(/1 created, 3 reused$/);
    const again = await bench.create('ImageSignature', claiming('v1'));
    expect(bench.said.at(-1)).toMatch(/4 reused, nothing written$/);
    expect(plain(again.outputs, 'signatures')).toEqual(plain(first.outputs, 'signatures'));
  });

  it('detects signatures that a cleanup job deleted, and creates only those again', async () => {
    const resource = bench.resource('ImageSignature');
    const request = { urn: 'urn', ...signed, log: bench.log };
    expect((await resource.read(request))?.outputs['drift']).toEqual([]);

    const [first] = plain(signed.outputs, 'signatures') as { stored: string }[];
    const response = await fetch(
      `${bench.registry.url}/v2/team/app/manifests/${parseDigest(first?.stored ?? '')}`,
      { method: 'DELETE' },
    );
    expect(response.status).toBe(202);
    const found = (await resource.read(request))?.outputs ?? {};
    expect(found['drift']).toEqual([
      expect.stringMatching(/^signature \(bundle\) of sha256:.* is /),
    ]);

    bench.registry.clearRequests();
    const repaired = await bench.update(
      'ImageSignature',
      { ...signed, outputs: found },
      signature(),
    );
    expect(repaired.changed).toEqual(['signatures']);
    expect(bench.said.at(-1)).toMatch(/1 created, 1 reused$/);
    expect(repaired.outputs['drift']).toEqual([]);
    // A state from before the repair names a signature that is gone.
    expect((await resource.read(request))?.outputs['drift']).toEqual([
      expect.stringMatching(/^signature \(bundle\) of .*: .* is gone and another one exists$/),
    ]);
    signed = repaired;
  });

  it('leaves the state unchanged after a failed check', async () => {
    bench.registry.settings.faults = async () => ({
      status: 403,
      headers: {},
      body: Buffer.alloc(0),
    });
    const found = await bench
      .resource('ImageSignature')
      .read({ urn: 'urn', ...signed, log: bench.log });
    expect(found?.outputs).toEqual(signed.outputs);
    expect(bench.said.at(-1)).toMatch(/^check failed; state left unchanged/);
  });

  it('verifies in each update if `verify.always` is set', async () => {
    const always = { always: true };
    const before = { ...signed, inputs: { ...signed.inputs, ...always } };
    expect((await bench.update('ImageSignature', before, signature(always))).changed).toEqual([]);
    expect(bench.registry.requests.length).toBeGreaterThan(0);
  });

  it('refuses a tag, and an image that the registry does not have', async () => {
    const tagged = `${bench.registry.host}/team/app:v1`;
    expect(await bench.problems('ImageSignature', signature({ image: tagged }))).toEqual([
      expect.stringMatching(/^image: must have a digest/),
    ]);
    const other = `${bench.registry.host}/team/app@sha256:${'1'.repeat(64)}`;
    await expect(bench.create('ImageSignature', signature({ image: other }))).rejects.toMatchObject(
      {
        code: 'REGISTRY_NOT_FOUND',
      },
    );
  });

  it('replaces when the repository is another one', async () => {
    const moved = image.replace('/team/app@', '/team/other@');
    const { news, ...request } = {
      urn: 'urn',
      id: signed.id,
      oldInputs: signed.inputs,
      oldOutputs: signed.outputs,
      log: bench.log,
      news: { ...signed.inputs, image: moved },
    };
    const resource = bench.resource('ImageSignature');
    expect(await resource.diff({ ...request, news })).toEqual({
      changed: ['image'],
      replaces: ['image'],
    });
  });
});

describe('VerifiedImage', () => {
  const policy = (more: object = {}): object => ({ image, keys: [bench.publicKey], ...more });

  it('has a digest because the verification passed', async () => {
    const verified = await bench.create(
      'VerifiedImage',
      policy({ annotations: { branch: 'main' } }),
    );
    expect(verified.outputs).toMatchObject({ digest: digest(), imageRef: image });
    expect(plain(verified.outputs, 'signer')).toMatchObject({ kind: 'key' });
    expect(JSON.parse(String(verified.outputs['verification']))).toMatchObject({ verified: true });
  });

  it('resolves a tag once, and logs when it moved', async () => {
    const tagged = policy({ image: `${bench.registry.host}/team/app:v1` });
    const verified = await bench.create('VerifiedImage', tagged);
    expect(verified.outputs).toMatchObject({ digest: digest() });
    const other = await bench.create('ImageBuild', {
      image: `${bench.registry.host}/team/app:v1`,
      build: { context: 'app', labels: { other: 'yes' } },
    });
    const again = await bench.update('VerifiedImage', verified, tagged);
    expect(again.changed).toEqual([]);
    expect(again.outputs).toMatchObject({ digest: digest() });
    expect(bench.said.at(-1)).toContain(`has moved to ${String(other.outputs['claimedDigest'])}`);
  });

  it.each([
    ['another annotation', { annotations: { team: 'red' } }, 'VERIFY_ANNOTATION_MISMATCH'],
    ['a log entry that is not there', { transparency: 'log' }, /^VERIFY_/],
    ['another format', { format: 'legacy' }, 'VERIFY_UNSIGNED'],
    [
      'another builder',
      { provenance: { builderId: 'https://other.test/b' } },
      'VERIFY_PROVENANCE_MISMATCH',
    ],
  ] as const)('fails for %s', async (_what, more, code) => {
    const sigstore = { trustedRoot: 'trusted_root.json' };
    const expected = typeof code === 'string' ? code : (expect.stringMatching(code) as string);
    await expect(
      bench.create('VerifiedImage', policy({ sigstore, ...more })),
    ).rejects.toMatchObject({ code: expected });
  });

  it('previews a verification that depends on nothing pending, and keeps a digest that stays', async () => {
    const resource = bench.resource('VerifiedImage');
    const verified = await bench.create('VerifiedImage', policy());
    const request = { urn: 'urn', preview: true, log: bench.log };
    const { outputs } = await resource.create({ ...request, inputs: verified.inputs });
    expect(outputs['digest']).toBe(digest());

    const pending: Properties = { ...verified.inputs, triggers: UNKNOWN };
    const olds = { id: verified.id, oldInputs: verified.inputs, oldOutputs: verified.outputs };
    const kept = await resource.update({ ...request, ...olds, inputs: pending });
    expect(kept).toMatchObject({ digest: digest(), imageRef: image, verification: UNKNOWN });

    const moved: Properties = { ...pending, digest: `sha256:${'2'.repeat(64)}` };
    expect((await resource.update({ ...request, ...olds, inputs: moved }))['digest']).toBe(UNKNOWN);
    const fresh = await resource.create({ ...request, inputs: pending });
    expect(fresh.outputs['imageRef']).toBe(UNKNOWN);
  });

  it('finds on refresh that the image is not verified any more', async () => {
    const verified = await bench.create('VerifiedImage', policy());
    const resource = bench.resource('VerifiedImage');
    const other = { ...verified.inputs, annotations: { team: 'red' } };
    const request = { urn: 'urn', ...verified, log: bench.log };
    expect((await resource.read(request))?.outputs['drift']).toEqual([]);
    const found = await resource.read({ ...request, inputs: other });
    expect(found?.outputs['drift']).not.toEqual([]);
    const diff = await resource.diff({
      ...request,
      oldInputs: verified.inputs,
      oldOutputs: found?.outputs ?? {},
      news: verified.inputs,
    });
    expect(diff.changed).toEqual(['drift']);
  });

  it.each([
    ['no signer', { keys: [] }, /^keys: no signer is trusted/],
    ['a key that is none', { keys: ['none.pub'] }, /^keys\[0\]: /],
    [
      'half an identity',
      { identities: [{ identity: 'a@b.test' }] },
      /^identities\[0\]\.issuer: is required/,
    ],
    ['an unknown format', { format: 'jar' }, /^format: must be one of any, bundle, legacy, both/],
    [
      'parameters that are not an object',
      { provenance: { externalParameters: '[]' } },
      /^provenance\.externalParameters: must be the JSON/,
    ],
    ['an invalid trusted root', { sigstore: { trustedRoot: '{}' } }, /^sigstore\.trustedRoot: /],
    [
      'an identity without a log or timestamp',
      { identities: [{ identity: 'a', issuer: 'b' }], transparency: 'none' },
      /^transparency: .* certificate is valid for minutes only/,
    ],
  ] as const)('refuses %s', async (_what, more, expected) => {
    const problems = await bench.problems('VerifiedImage', policy(more));
    expect(problems).toEqual([expect.stringMatching(expected)]);
  });
});

describe('a keyless signature', () => {
  it('names the identity, its certificate and its log entries, and is found again', async () => {
    const { issuer, fulcioUrl, rekorUrl, tsaUrl } = bench.sigstore;
    bench.write('job.token', await issuer.token({ subject: 'https://ci.example.test/job' }));
    const declared = signature({
      key: undefined,
      keyless: { tokenFile: `${bench.folder}/job.token`, issuer: issuer.url },
      sigstore: { fulcioUrl, rekorUrl, tsaUrl, trustedRoot: 'trusted_root.json' },
      format: 'both',
    });
    const signed = await bench.create('ImageSignature', declared);
    const signer = { kind: 'keyless', identity: 'https://ci.example.test/job', issuer: issuer.url };
    expect(plain(signed.outputs, 'signer')).toEqual(signer);
    expect(signed.outputs['certificate']).toContain('BEGIN CERTIFICATE');
    expect(plain(signed.outputs, 'logEntries')).toHaveLength(4);
    expect(signed.outputs['witnessed']).toBe('log');
    expect(
      (await bench.resource('ImageSignature').read({ urn: 'urn', ...signed, log: bench.log }))
        ?.outputs['drift'],
    ).toEqual([]);

    bench.registry.clearRequests();
    const again = await bench.create('ImageSignature', declared);
    expect(bench.said.at(-1)).toMatch(/4 reused, nothing written/);
    expect(plain(again.outputs, 'signatures')).toEqual(plain(signed.outputs, 'signatures'));
    expect(bench.writes()).toEqual([]);

    const { identity } = signer;
    const verified = await bench.create('VerifiedImage', {
      image,
      identities: [{ identity, issuer: issuer.url }],
      format: 'both',
      sigstore: { trustedRoot: 'trusted_root.json' },
    });
    expect(plain(verified.outputs, 'signer')).toEqual(signer);
  });

  it('refuses a token of another issuer than the declared one', async () => {
    const { issuer, fulcioUrl, rekorUrl } = bench.sigstore;
    bench.write('job.token', await issuer.token({ subject: 'https://ci.example.test/job' }));
    const keyless = { tokenFile: `${bench.folder}/job.token`, issuer: 'https://other.test' };
    const sigstore = { fulcioUrl, rekorUrl, trustedRoot: 'trusted_root.json' };
    await expect(
      bench.create('ImageSignature', signature({ key: undefined, keyless, sigstore })),
    ).rejects.toThrow(/^keyless\.issuer: .* was issued by http.*, not by https:\/\/other\.test$/);
  });
});

describe('the plan of an existing image', () => {
  it('resolves it, and stores nothing but what the others start from', async () => {
    const plan = await bench.create('SigningPlan', { image, key });
    expect(plan.outputs).toMatchObject({
      image,
      repository: `${bench.registry.host}/team/app`,
      digest: digest(),
    });
    expect(JSON.stringify(plan)).not.toContain(PASSWORD);
    expect((await bench.update('SigningPlan', plan, { image, key })).changed).toEqual([]);
  });
});
