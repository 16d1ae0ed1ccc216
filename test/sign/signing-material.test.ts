import { generateKeyPairSync } from 'node:crypto';

import { type RunningSigstore, startSigstore } from '../../dev/sigstore';
import { InvalidInputError } from '../../src/error';
import { encryptPrivateKey } from '../../src/key';
import { type SigningInputs, signingServices } from '../../src/sign/signing-inputs';
import { createSigningMaterial, validateSigningInputs } from '../../src/sign/signing-material';
import { createDsseBundleBuilder } from '../../src/sigstore';
import { failureOf } from './support/failure';
import { everythingIn, testHost } from './support/host';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const PEM = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
const P384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
  .privateKey.export({ format: 'pem', type: 'pkcs8' })
  .toString();
const KEY = { ref: PEM };
const REKOR = 'https://rekor.example';
const PUBLIC_REKOR = 'https://rekor.sigstore.dev';

let sigstore: RunningSigstore;
beforeAll(async () => {
  sigstore = await startSigstore();
});
afterAll(() => sigstore.close());

describe('the services that are used', () => {
  it.each<[SigningInputs, object]>([
    [{ key: KEY }, { transparency: 'none', fulcioUrl: undefined, logs: [], authorities: [] }],
    [{ key: KEY, transparency: 'public' }, { logs: [{ url: PUBLIC_REKOR, version: 1 }] }],
    [
      { key: KEY, sigstore: { rekorUrl: REKOR } },
      { transparency: 'private', logs: [{ url: REKOR, version: 1 }] },
    ],
    [
      { key: KEY, sigstore: { rekorUrl: REKOR, rekorVersion: 2 } },
      { transparency: 'private', logs: [{ url: REKOR, version: 2 }] },
    ],
    [
      { key: KEY, sigstore: { rekorUrl: 'https://log2025-1.rekor.sigstore.dev', rekorVersion: 2 } },
      { transparency: 'public' },
    ],
    [
      { key: KEY, sigstore: { rekorUrl: `${PUBLIC_REKOR}/` } },
      { transparency: 'public', logs: [{ url: `${PUBLIC_REKOR}/` }] },
    ],
    [{ key: KEY, sigstore: { rekorUrl: REKOR }, transparency: 'none' }, { logs: [] }],
    [
      { keyless: {} },
      {
        transparency: 'public',
        fulcioUrl: 'https://fulcio.sigstore.dev',
        logs: [{ url: PUBLIC_REKOR }],
      },
    ],
    [
      { keyless: {}, transparency: 'none', sigstore: { tsaUrl: 'https://tsa.example' } },
      { logs: [], authorities: [{ url: 'https://tsa.example' }] },
    ],
  ])('of declaration %# follow from it', (config, expected) => {
    expect(signingServices(config)).toMatchObject(expected);
  });
});

describe('a declaration that cannot be meant', () => {
  it.each<[string, SigningInputs, string, string]>([
    ['no signer', {}, 'key', 'exactly one of key and keyless'],
    ['two signers', { key: KEY, keyless: {} }, 'keyless', 'exactly one of key and keyless'],
    [
      'a private log that is not named',
      { key: KEY, transparency: 'private' },
      'transparency',
      'sigstore.rekorUrl',
    ],
    [
      'a private log that is the public one',
      { key: KEY, transparency: 'private', sigstore: { rekorUrl: 'https://rekor.sigstore.dev' } },
      'transparency',
      'the public log',
    ],
    [
      'keyless without a log or timestamp',
      { keyless: {}, transparency: 'none' },
      'transparency',
      'sigstore.tsaUrl',
    ],
    [
      'an unheard transparency',
      { key: KEY, transparency: 'some' as never },
      'transparency',
      'public, private, none',
    ],
    [
      'a Rekor v2 without its address',
      { key: KEY, sigstore: { rekorVersion: 2 } },
      'sigstore.rekorVersion',
      'set sigstore.rekorUrl',
    ],
    [
      'a Rekor v2 for keyless without a timestamp',
      { keyless: {}, sigstore: { rekorUrl: REKOR, rekorVersion: 2 } },
      'sigstore.tsaUrl',
      'does not record when',
    ],
    [
      'Rekor v3',
      { key: KEY, sigstore: { rekorVersion: 3 } },
      'sigstore.rekorVersion',
      'must be 1 or 2',
    ],
    ...(['fulcioUrl', 'rekorUrl', 'tsaUrl'] as const).map(
      (name): [string, SigningInputs, string, string] => [
        `an address (${name}) beside a signing config`,
        { key: KEY, sigstore: { signingConfig: '{}', [name]: REKOR } },
        `sigstore.${name}`,
        'contradicts sigstore.signingConfig',
      ],
    ),
    [
      'a trusted root beside one in a file',
      { key: KEY, sigstore: { clientTrustConfig: '{}', trustedRoot: '{}' } },
      'sigstore.trustedRoot',
      'contradicts sigstore.clientTrustConfig',
    ],
    [
      'two files that name the services',
      { key: KEY, sigstore: { clientTrustConfig: '{}', signingConfig: '{}' } },
      'sigstore.signingConfig',
      'contradicts sigstore.clientTrustConfig',
    ],
    [
      'an empty path of a signing config',
      { key: KEY, sigstore: { signingConfig: ' ' } },
      'sigstore.signingConfig',
      'is empty',
    ],
    [
      'an invalid address',
      { key: KEY, sigstore: { rekorUrl: 'rekor' } },
      'sigstore.rekorUrl',
      'https://',
    ],
    [
      'another protocol',
      { key: KEY, sigstore: { tsaUrl: 'ftp://tsa.example' } },
      'sigstore.tsaUrl',
      'https',
    ],
    [
      'a password in an address',
      { key: KEY, sigstore: { rekorUrl: 'https://user:hunter22@rekor.example' } },
      'sigstore.rekorUrl',
      'user name or password',
    ],
    [
      'a query in an address',
      { key: KEY, sigstore: { tsaUrl: 'https://tsa.example/?a' } },
      'sigstore.tsaUrl',
      'query',
    ],
    [
      'a token sent over plain http',
      { keyless: {}, sigstore: { fulcioUrl: 'http://fulcio.example' } },
      'sigstore.fulcioUrl',
      'the identity token is sent there',
    ],
    [
      'an unheard provider',
      { keyless: { provider: 'magic' as never } },
      'keyless.provider',
      'github-actions',
    ],
    [
      'two places for a token',
      { keyless: { tokenFile: 'a', tokenEnv: 'B' } },
      'keyless.tokenEnv',
      'contradicts keyless.tokenFile',
    ],
    [
      'a file for another provider',
      { keyless: { provider: 'github-actions', tokenFile: 'a' } },
      'keyless.tokenFile',
      'not used by the provider',
    ],
    [
      'a variable for another provider',
      { keyless: { provider: 'file', tokenEnv: 'B' } },
      'keyless.tokenEnv',
      'not used',
    ],
    [
      'a token as a file',
      { keyless: { tokenFile: 'eyJhbGciOi.eyJz.c2ln' } },
      'keyless.tokenFile',
      'not the token',
    ],
    [
      'a token as a variable',
      { keyless: { tokenEnv: 'eyJhbGciOi.eyJz.c2ln' } },
      'keyless.tokenEnv',
      'the name of',
    ],
    ['an empty file name', { keyless: { tokenFile: ' ' } }, 'keyless.tokenFile', 'is empty'],
    ['an empty audience', { keyless: { clientId: '' } }, 'keyless.clientId', 'is empty'],
  ])('%s is refused on its property', async (_, config, property, text) => {
    const error = await failureOf(createSigningMaterial(config, testHost()));
    expect(error).toBeInstanceOf(InvalidInputError);
    expect(error).toMatchObject({ problems: [{ property, code: 'INPUT_INVALID' }] });
    expect(error.message).toContain(text);
    for (const secret of ['hunter22', 'eyJhbGciOi'])
      expect(everythingIn(error)).not.toContain(secret);
  });

  it('has all of its faults reported at once', async () => {
    const config = {
      transparency: 'private',
      sigstore: { rekorVersion: 2, tsaUrl: 'tsa' },
    } as const;
    const problems = await validateSigningInputs(config, testHost());
    expect(problems.map(({ property }) => property).sort()).toEqual([
      'key',
      'sigstore.rekorVersion',
      'sigstore.tsaUrl',
      'transparency',
    ]);
    await expect(createSigningMaterial(config, testHost())).rejects.toMatchObject({ problems });
  });
});

describe('signing material', () => {
  it('of a key is the key and its description, without a log or timestamp', async () => {
    const material = await createSigningMaterial({ key: KEY }, testHost());
    expect(material.witnesses).toEqual([]);
    expect(material.description).toMatchObject({
      kind: 'key',
      keyId: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
    expect(JSON.stringify(material)).not.toContain('PRIVATE');
  });

  it('of a keyless signer is described by its token, then by its certificate', async () => {
    const host = testHost({ env: sigstore.issuer.actionsEnvironment() });
    const { fulcioUrl, rekorUrl, tsaUrl } = sigstore;
    const material = await createSigningMaterial(
      { keyless: {}, sigstore: { fulcioUrl, rekorUrl, tsaUrl } },
      host,
    );
    const expected = {
      kind: 'keyless',
      identity:
        'https://github.com/octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main',
      issuer: sigstore.issuer.url,
    };
    expect(material.description).toEqual(expected);
    expect(material.witnesses).toHaveLength(2);

    const bundle = await createDsseBundleBuilder(material).create({
      data: Buffer.from('x'),
      type: 'text/plain',
    });
    expect(bundle.verificationMaterial.tlogEntries).toHaveLength(1);
    expect(material.description).toEqual(expected);
  });

  it('is described by the certificate where Fulcio names the signer in its own way', async () => {
    const claims = {
      iss: sigstore.issuer.url,
      federated_claims: { connector_id: 'https://idp.example' },
    };
    const env = { MY_TOKEN: sigstore.issuer.token({ subject: 'robot', claims }) };
    const { fulcioUrl, rekorUrl } = sigstore;
    const material = await createSigningMaterial(
      { keyless: { tokenEnv: 'MY_TOKEN' }, sigstore: { fulcioUrl, rekorUrl } },
      testHost({ env }),
    );
    expect(material.description).toMatchObject({ issuer: 'https://idp.example' });
    await material.signer.sign(Buffer.from('x'));
    expect(material.description).toEqual({
      kind: 'keyless',
      identity: 'robot',
      issuer: sigstore.issuer.url,
    });
  });
});

describe('a check before anything is written', () => {
  const problemsOf = (config: SigningInputs, env = {}, unknown: readonly string[] = []) =>
    validateSigningInputs(config, testHost({ env, readFile: noFiles }), new Set(unknown));
  const noFiles = () =>
    Promise.reject(Object.assign(new Error('no such file'), { code: 'ENOENT' }));

  it('finds nothing wrong with valid inputs, and sends no request', async () => {
    const before = sigstore.requests.length;
    const env = {
      MY_TOKEN: sigstore.issuer.token({ subject: 'job' }),
      ...sigstore.issuer.actionsEnvironment(),
    };
    const trustedRoot = JSON.stringify(sigstore.trustedRoot);
    expect(await problemsOf({ key: KEY, sigstore: { trustedRoot } })).toEqual([]);
    expect(await problemsOf({ keyless: { tokenEnv: 'MY_TOKEN' } }, env)).toEqual([]);
    expect(await problemsOf({ keyless: {} }, env)).toEqual([]);
    expect(sigstore.requests.length).toBe(before);
  });

  it.each<[string, SigningInputs, string, string]>([
    ['a key reference', { key: { ref: 'github://o/r' } }, 'key.ref', 'KEY_REFERENCE_INVALID'],
    ['a missing key', { key: { ref: 'env://NOT_THERE' } }, 'key.ref', 'KEY_UNREADABLE'],
    ['a key of the wrong kind', { key: { ref: P384 } }, 'key.ref', 'KEY_UNSUPPORTED'],
    [
      'a missing token',
      { keyless: { tokenEnv: 'NOT_THERE' } },
      'keyless.tokenEnv',
      'IDENTITY_UNAVAILABLE',
    ],
    ['no token anywhere', { keyless: {} }, 'keyless', 'IDENTITY_UNAVAILABLE'],
    [
      'an invalid token',
      { keyless: { tokenEnv: 'BAD_TOKEN' } },
      'keyless.tokenEnv',
      'IDENTITY_TOKEN_INVALID',
    ],
    [
      'a trusted root',
      { key: KEY, sigstore: { trustedRoot: '{}' } },
      'sigstore.trustedRoot',
      'TRUSTED_ROOT_INVALID',
    ],
  ])('reports %s on its property', async (_, config, property, code) => {
    expect(await problemsOf(config, { BAD_TOKEN: 'bad' })).toEqual([
      { property, code, message: expect.any(String) as string },
    ]);
  });

  it('reports a wrong password, but not one that is not known yet', async () => {
    const ref = await encryptPrivateKey(privateKey, 'right', { cost: 32768 });
    expect(await problemsOf({ key: { ref, password: 'wrong' } })).toMatchObject([
      { property: 'key.password', code: 'KEY_PASSWORD_WRONG' },
    ]);
    expect(await problemsOf({ key: { ref } }, {}, ['key.password'])).toEqual([]);
  });

  it.each<[string, SigningInputs]>([
    ['key', {}],
    ['keyless', {}],
    ['keyless', { keyless: {} }],
    ['keyless.tokenEnv', { keyless: { tokenEnv: 'NOT_THERE' } }],
    ['keyless.provider', { keyless: { provider: 'magic' as never } }],
    ['key.ref', { key: { ref: '' } }],
    ['sigstore.rekorUrl', { key: KEY, transparency: 'private' }],
    ['sigstore', { key: KEY, transparency: 'private' }],
    ['transparency', { key: KEY, transparency: 'some' as never }],
    ['sigstore.rekorVersion', { key: KEY, sigstore: { rekorVersion: 2 } }],
    ['sigstore.tsaUrl', { key: KEY, sigstore: { tsaUrl: '' } }],
    ['sigstore.trustedRoot', { key: KEY, sigstore: { trustedRoot: '' } }],
  ])('reports nothing while %s is unknown', async (unknown, config) => {
    expect(await problemsOf(config, {}, [unknown])).toEqual([]);
  });
});
