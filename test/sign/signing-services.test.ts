import { type RunningSigstore, startSigstore } from '../../dev/sigstore';
import { loadSigningServices, type SigningInputs } from '../../src/sign';
import { createSigningMaterial, validateSigningInputs } from '../../src/sign/signing-material';
import { loadInstanceRoot } from '../../src/sigstore';
import { failureOf } from './support/failure';
import { testHost } from './support/host';

let sigstore: RunningSigstore;
beforeAll(async () => {
  sigstore = await startSigstore();
});
afterAll(() => sigstore.close());

const KEY = { ref: 'cosign.key' };
const CLIENT_TRUST = 'application/vnd.dev.sigstore.clienttrustconfig.v0.1+json';
const signingConfig = (
  use: Parameters<RunningSigstore['signingConfig']>[0] = {},
  more: object = {},
) => JSON.stringify({ ...sigstore.signingConfig(use), ...more });
const clientTrust = (more: object = {}) =>
  JSON.stringify({
    mediaType: CLIENT_TRUST,
    trustedRoot: sigstore.trustedRoot,
    signingConfig: sigstore.signingConfig(),
    ...more,
  });

describe('a signing config', () => {
  it('names the services of a keyless signature', async () => {
    const services = await loadSigningServices(
      { keyless: {}, sigstore: { signingConfig: signingConfig({ rekor: 2 }) } },
      testHost(),
    );
    const property = 'sigstore.signingConfig';
    expect(services).toEqual({
      fulcioUrl: sigstore.fulcioUrl,
      fulcioProperty: property,
      logs: [{ url: sigstore.rekorV2Url, version: 2, property }],
      authorities: [{ url: sigstore.tsaUrl, property }],
      transparency: 'private',
    });
  });

  it.each<[string, () => SigningInputs, object]>([
    [
      'without a log means none',
      () => ({ key: KEY, sigstore: { signingConfig: signingConfig({ rekor: false }) } }),
      { logs: [], transparency: 'none' },
    ],
    [
      'does not use a log if none is required',
      () => ({ key: KEY, transparency: 'none', sigstore: { signingConfig: signingConfig() } }),
      { logs: [], transparency: 'none', fulcioUrl: undefined },
    ],
    [
      'in a client trust config does the same',
      () => ({ key: KEY, sigstore: { clientTrustConfig: clientTrust() } }),
      { logs: [{ version: 1, property: 'sigstore.clientTrustConfig' }] },
    ],
    [
      'that names the public log is public',
      () => ({
        key: KEY,
        sigstore: {
          signingConfig: signingConfig(
            {},
            {
              rekorTlogUrls: [
                {
                  url: 'https://log2025-1.rekor.sigstore.dev',
                  majorApiVersion: 2,
                  operator: 'sigstore.dev',
                },
              ],
            },
          ),
        },
      }),
      { transparency: 'public' },
    ],
  ])('%s', async (_, config, expected) => {
    expect(await loadSigningServices(config(), testHost())).toMatchObject(expected);
  });

  it.each<[string, () => SigningInputs, string, string]>([
    [
      'no JSON',
      () => ({ key: KEY, sigstore: { signingConfig: '{' } }),
      'sigstore.signingConfig',
      'is not JSON',
    ],
    [
      'a file that is not there',
      () => ({ key: KEY, sigstore: { signingConfig: '/not/there.json' } }),
      'sigstore.signingConfig',
      'cannot be read (ENOENT)',
    ],
    [
      'another media type',
      () => ({ key: KEY, sigstore: { signingConfig: '{"mediaType":"x"}' } }),
      'sigstore.signingConfig',
      'mediaType is "x"',
    ],
    [
      'an invalid address',
      () => ({
        key: KEY,
        sigstore: {
          signingConfig: signingConfig({}, { tsaUrls: [{ url: 'tsa', majorApiVersion: 1 }] }),
        },
      }),
      'sigstore.signingConfig',
      'tsaUrls[0].url must be an address',
    ],
    [
      'an invalid selector',
      () => ({
        key: KEY,
        sigstore: { signingConfig: signingConfig({}, { tsaConfig: { selector: 'SOME' } }) },
      }),
      'sigstore.signingConfig',
      'SOME',
    ],
    [
      'a log and no selector',
      () => ({
        key: KEY,
        sigstore: { signingConfig: signingConfig({}, { rekorTlogConfig: undefined }) },
      }),
      'sigstore.signingConfig',
      'rekorTlogConfig.selector',
    ],
    [
      'a period without a date',
      () => ({
        key: KEY,
        sigstore: {
          signingConfig: signingConfig(
            {},
            {
              caUrls: [
                { url: 'https://ca.example', majorApiVersion: 1, validFor: { start: 'soon' } },
              ],
            },
          ),
        },
      }),
      'sigstore.signingConfig',
      'no valid date',
    ],
    [
      'no certificate authority for keyless',
      () => ({ keyless: {}, sigstore: { signingConfig: signingConfig({}, { caUrls: [] }) } }),
      'sigstore.signingConfig',
      'caUrls',
    ],
    [
      'a Rekor v2 and no timestamp for keyless',
      () => ({ keyless: {}, sigstore: { signingConfig: signingConfig({ rekor: 2, tsa: false }) } }),
      'sigstore.signingConfig',
      'tsaUrls',
    ],
    [
      'no log where one is wanted',
      () => ({
        key: KEY,
        transparency: 'private',
        sigstore: { signingConfig: signingConfig({ rekor: false }) },
      }),
      'transparency',
      'does not list a transparency log',
    ],
    [
      'the public log where it must not be',
      () => ({
        key: KEY,
        transparency: 'private',
        sigstore: {
          signingConfig: signingConfig(
            {},
            { rekorTlogUrls: [{ url: 'https://rekor.sigstore.dev', majorApiVersion: 1 }] },
          ),
        },
      }),
      'transparency',
      'the public log',
    ],
    [
      'a client trust config without a root',
      () => ({
        key: KEY,
        sigstore: { clientTrustConfig: clientTrust({ trustedRoot: undefined }) },
      }),
      'sigstore.clientTrustConfig',
      'trustedRoot is missing',
    ],
    [
      'a client trust config with an invalid root',
      () => ({ key: KEY, sigstore: { clientTrustConfig: clientTrust({ trustedRoot: {} }) } }),
      'sigstore.clientTrustConfig',
      'trusted root is not valid',
    ],
  ])('with %s is refused on its property', async (_, config, property, text) => {
    const error = await failureOf(loadSigningServices(config(), testHost()));
    expect(error.property).toBe(property);
    expect(error.message).toContain(text);
  });

  it('is checked before anything is signed', async () => {
    const problems = await validateSigningInputs(
      { keyless: { tokenEnv: 'T' }, sigstore: { signingConfig: '{}' } },
      testHost({ env: { T: sigstore.issuer.token({ subject: 'https://x.example' }) } }),
    );
    expect(problems).toMatchObject([{ property: 'sigstore.signingConfig' }]);
  });
});

describe('a client trust config', () => {
  it('holds the trusted root', async () => {
    const root = await loadInstanceRoot({ clientTrustConfig: clientTrust() }, testHost());
    expect(root.tlogs.map(({ baseUrl }) => baseUrl)).toContain(sigstore.rekorUrl);
  });
});

describe('a private repository', () => {
  const token = (claims: Record<string, unknown> = {}) =>
    sigstore.issuer.token({ subject: 'https://ci.example/job', claims });
  const material = (
    config: SigningInputs,
    env: Record<string, string>,
    warn?: (line: string) => void,
  ) => createSigningMaterial(config, testHost({ env }), { ...(warn && { warn }) });
  const inPublic = (confirmPublic?: boolean): SigningInputs => ({
    keyless: { tokenEnv: 'T' },
    transparency: 'public',
    sigstore: { fulcioUrl: sigstore.fulcioUrl, rekorUrl: sigstore.rekorUrl, confirmPublic },
  });

  it.each<[string, Record<string, string>, Record<string, unknown>]>([
    ['the token', {}, { repository_visibility: 'private' }],
    ['the token (internal)', {}, { repository_visibility: 'internal' }],
    ["GitLab's token", {}, { project_visibility: 'private' }],
    ['GitLab', { GITLAB_CI: 'true', CI_PROJECT_VISIBILITY: 'internal' }, {}],
    ['GitHub', { GITHUB_ACTIONS: 'true', GITHUB_REPOSITORY_VISIBILITY: 'private' }, {}],
  ])('by %s needs a yes', async (_, env, claims) => {
    const all = { ...env, T: token(claims) };
    const error = await failureOf(material(inPublic(), all));
    expect(error).toMatchObject({ code: 'INPUT_INVALID', property: 'transparency' });
    expect(error.message).toContain('the names of the repository');
    expect(error.message).toContain('sigstore.confirmPublic');
    await expect(material(inPublic(true), all)).resolves.toBeDefined();
  });

  it.each([
    ['{"repository":{"private":true,"visibility":"internal"}}', 'transparency'],
    ['{"repository":{"private":false}}', undefined],
    ['nonsense', undefined],
  ])('is recognized by the event %s', async (event, property) => {
    const env = { GITHUB_ACTIONS: 'true', GITHUB_EVENT_PATH: '/event.json', T: token() };
    const host = testHost({ env, readFile: () => Promise.resolve(event) });
    const problems = await validateSigningInputs(inPublic(), host);
    expect(problems.map((problem) => problem.property)).toEqual(property ? [property] : []);
  });

  it('may have a private log, and no log', async () => {
    const env = { T: token({ repository_visibility: 'private' }) };
    const { transparency: _, ...own } = inPublic();
    await expect(material(own, env)).resolves.toBeDefined();
  });

  it('leaves traces of a certificate by the public authority too', async () => {
    const env = { T: token({ repository_visibility: 'private' }) };
    const config: SigningInputs = {
      keyless: { tokenEnv: 'T' },
      sigstore: { rekorUrl: sigstore.rekorUrl },
    };
    const error = await failureOf(material(config, env));
    expect(error.message).toContain('a public certificate log');
  });

  it('of unknown visibility is warned of once', async () => {
    const lines: string[] = [];
    const host = testHost({ env: { T: token() } });
    const options = { warn: (line: string) => void lines.push(line) };
    await createSigningMaterial(inPublic(), host, options);
    await createSigningMaterial(inPublic(), host, options);
    expect(lines).toEqual([expect.stringContaining('sigstore.confirmPublic')]);
    const open = testHost({ env: { T: token({ repository_visibility: 'public' }) } });
    await createSigningMaterial(inPublic(), open, options);
    expect(lines).toHaveLength(1);
  });
});
