import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { toTrustMaterial } from '@sigstore/verify';

import { type RunningSigstore, startSigstore } from '../../dev/sigstore';
import { loadTrustedRoot, parseTrustedRoot } from '../../src/sigstore';
import { failureOf, thrownBy } from '../sign/support/failure';
import { testHost } from '../sign/support/host';
import { startTufRepository } from '../sigstore/support/tuf-repository';

import seeds from '@sigstore/tuf/seeds.json';

const PUBLIC_ROOT = Buffer.from(
  seeds['https://tuf-repo-cdn.sigstore.dev'].targets['trusted_root.json'],
  'base64',
).toString('utf8');

interface Json {
  [member: string]: Json;
}

let sigstore: RunningSigstore;
let folder: string;
beforeAll(async () => {
  sigstore = await startSigstore();
  folder = await mkdtemp(join(tmpdir(), 'signed-image-root-'));
});
afterAll(async () => {
  await sigstore.close();
  await rm(folder, { recursive: true });
});

/** The stack's trusted root with one thing changed. */
function rootWith(change: (root: Json) => void): string {
  const root = structuredClone(sigstore.trustedRoot) as unknown as Json;
  change(root);
  return JSON.stringify(root);
}
const at = (value: Json | undefined): Json => {
  if (value === undefined) throw new Error('the root has no such member');
  return value;
};

describe('a trusted root', () => {
  it("is read as the public instance's is", () => {
    const root = parseTrustedRoot(PUBLIC_ROOT);
    expect(root.tlogs.map(({ baseUrl }) => baseUrl)).toContain('https://rekor.sigstore.dev');
    expect(() => toTrustMaterial(root)).not.toThrow();
  });

  it('is taken as text or as a path', async () => {
    const path = join(folder, 'trusted_root.json');
    await sigstore.writeTrustedRoot(path);
    const fromPath = await loadTrustedRoot(path, testHost());
    const fromText = await loadTrustedRoot(` ${JSON.stringify(sigstore.trustedRoot)}`, testHost());
    expect(fromPath).toEqual(fromText);
    expect(fromPath.tlogs[0]?.baseUrl).toBe(sigstore.rekorUrl);
  });

  it.each(['v0.1', 'v0.2'])('may have the later media type (%s)', (version) => {
    const mediaType = `application/vnd.dev.sigstore.trustedroot.${version}+json`;
    const root = parseTrustedRoot(
      rootWith((json) => {
        Object.assign(json, { mediaType });
        Object.assign(at(json['tlogs']?.[0]), { checkpointKeyId: { keyId: 'AAAAAA==' } });
      }),
    );
    const { logId } = root.tlogs[0] ?? {};
    expect(toTrustMaterial(root).tlogs[0]?.logID).toEqual(logId?.keyId);
  });

  it('may leave lists out', () => {
    const root = parseTrustedRoot(
      rootWith((json) => {
        delete json['ctlogs'];
        delete json['timestampAuthorities'];
        delete json['certificateAuthorities'];
      }),
    );
    expect(root).toMatchObject({
      ctlogs: [],
      timestampAuthorities: [],
      certificateAuthorities: [],
    });
    expect(() => toTrustMaterial(root)).not.toThrow();
  });

  it.each(['spki', 'pkcs1'] as const)(
    'gives the verifier an RSA log key that it can read (%s)',
    (type) => {
      const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      const rawBytes = publicKey.export({ format: 'der', type }).toString('base64');
      const root = parseTrustedRoot(
        rootWith((json) => {
          Object.assign(at(json['tlogs']?.[0]?.['publicKey']), {
            rawBytes,
            keyDetails: 'PKIX_RSA_PKCS1V15_2048_SHA256',
          });
        }),
      );
      expect(toTrustMaterial(root).tlogs[0]?.publicKey.equals(publicKey)).toBe(true);
    },
  );

  const log = (json: Json) => at(json['tlogs']?.[0]);
  const key = (json: Json) => at(log(json)['publicKey']);
  const chain = (json: Json, list: string) => at(json[list]?.[0]?.['certChain']);

  it.each<[string, (json: Json) => void, string]>([
    ['no media type', (json) => delete json['mediaType'], 'mediaType is missing'],
    [
      'another media type',
      (json) => Object.assign(json, { mediaType: 'application/x' }),
      '"application/x"',
    ],
    [
      'a log without a key',
      (json) => delete log(json)['publicKey'],
      'tlogs[0].publicKey.rawBytes is missing',
    ],
    [
      'an invalid key',
      (json) => Object.assign(key(json), { rawBytes: 'AAAA' }),
      'not a DER public key',
    ],
    ['a key without its kind', (json) => delete key(json)['keyDetails'], 'keyDetails'],
    [
      'a key of an unheard kind',
      (json) => Object.assign(key(json), { keyDetails: 'PKIX_NEW' }),
      'PKIX_NEW',
    ],
    [
      'a key that is valid at no time',
      (json) => delete key(json)['validFor'],
      'validFor.start is missing',
    ],
    [
      'an invalid date',
      (json) => Object.assign(key(json), { validFor: { start: 'soon' } }),
      'no valid date',
    ],
    ['a log without an id', (json) => delete log(json)['logId'], 'logId.keyId is missing'],
    [
      'a CT log without an id',
      (json) => delete at(json['ctlogs']?.[0])['logId'],
      'ctlogs[0].logId',
    ],
    [
      'a log that is a word',
      (json) => Object.assign(json, { tlogs: [{ hashAlgorithm: {} }] }),
      'not valid',
    ],
    [
      'an authority without certificates',
      (json) => Object.assign(chain(json, 'certificateAuthorities'), { certificates: [] }),
      'certificateAuthorities[0].certChain does not contain a certificate',
    ],
    [
      'an invalid certificate',
      (json) =>
        Object.assign(chain(json, 'certificateAuthorities'), {
          certificates: [{ rawBytes: 'AAAA' }],
        }),
      'certificates[0] is not a DER certificate',
    ],
    [
      'a timestamp chain the wrong way round',
      (json) =>
        (chain(json, 'timestampAuthorities')['certificates'] as unknown as unknown[]).reverse(),
      'must begin with the certificate that signs the timestamps',
    ],
  ])('with %s is refused', (_, change, text) => {
    const error = thrownBy(() => parseTrustedRoot(rootWith(change)));
    expect(error.code).toBe('TRUSTED_ROOT_INVALID');
    expect(error.message).toContain(text);
  });

  it.each([
    ['{ no json', 'is not JSON'],
    ['/nowhere/trusted_root.json', '/nowhere/trusted_root.json cannot be read (ENOENT)'],
  ])('that is %j is refused on its property', async (source, text) => {
    const error = await failureOf(loadTrustedRoot(source, testHost()));
    expect(error).toMatchObject({ code: 'TRUSTED_ROOT_INVALID', property: 'sigstore.trustedRoot' });
    expect(error.message).toContain(text);
  });

  it('that is a list in a file is refused', async () => {
    const path = join(folder, 'list.json');
    await writeFile(path, '[]');
    expect((await failureOf(loadTrustedRoot(path, testHost()))).message).toContain(
      'not a JSON object',
    );
  });
});

describe('where no trusted root is declared', () => {
  it("it comes from the public instance's TUF repository", async () => {
    const repository = await startTufRepository('trusted_root.json', PUBLIC_ROOT);
    const rootPath = join(folder, 'root.json');
    await writeFile(rootPath, repository.root);
    const tuf = { mirrorURL: repository.url, rootPath, cachePath: join(folder, 'tuf') };
    const root = await loadTrustedRoot(undefined, { ...testHost(), tuf });
    repository.close();
    expect(root).toEqual(parseTrustedRoot(PUBLIC_ROOT));
  });

  it('and it cannot be fetched, an invalid root is not reported as unavailable', async () => {
    const repository = await startTufRepository('something-else.json', '{}');
    const rootPath = join(folder, 'root.json');
    await writeFile(rootPath, repository.root);
    const tuf = { mirrorURL: repository.url, rootPath, cachePath: join(folder, 'empty'), retry: 0 };
    const error = await failureOf(loadTrustedRoot(undefined, { ...testHost(), tuf }));
    repository.close();
    expect(error).toMatchObject({
      code: 'TRUSTED_ROOT_UNAVAILABLE',
      property: 'sigstore.trustedRoot',
    });
  });

  const tufOf = async (cachePath: string, more: object = {}) => {
    const repository = await startTufRepository('trusted_root.json', PUBLIC_ROOT);
    const rootPath = join(folder, 'root.json');
    await writeFile(rootPath, repository.root);
    const tuf = { mirrorURL: repository.url, rootPath, cachePath, retry: 0, ...more };
    return { repository, tuf };
  };

  it('it is fetched once in a run, and what failed is tried again', async () => {
    const { repository, tuf } = await tufOf(join(folder, 'once'));
    const load = () => loadTrustedRoot(undefined, { ...testHost(), tuf });
    const [first, second] = await Promise.all([load(), load()]);
    repository.close();
    expect(second).toBe(first);
    expect(await load()).toBe(first);
    const gone = { ...tuf, cachePath: join(folder, 'gone') };
    const again = () => loadTrustedRoot(undefined, { ...testHost(), tuf: gone });
    expect(await failureOf(again())).not.toBe(await failureOf(again()));
  });

  it('what was fetched earlier is used offline, until it expires', async () => {
    const { repository, tuf } = await tufOf(join(folder, 'offline'));
    await loadTrustedRoot(undefined, { ...testHost(), tuf });
    repository.close();
    // As in another run: each run has its own cache.
    const offline = { ...tuf, timeout: 1000 };
    const root = await loadTrustedRoot(undefined, { ...testHost(), tuf: offline });
    expect(root).toEqual(parseTrustedRoot(PUBLIC_ROOT));
  });

  it('a cache that cannot be written is reported by its path', async () => {
    const file = join(folder, 'a-file');
    await writeFile(file, '');
    const { repository, tuf } = await tufOf(join(file, 'cache'));
    const error = await failureOf(loadTrustedRoot(undefined, { ...testHost(), tuf }));
    repository.close();
    expect(error.code).toBe('TRUSTED_ROOT_UNAVAILABLE');
    expect(error.message).toContain('could not be cached (ENOTDIR');
    expect(error.message).toContain('XDG_DATA_HOME');
  });
});
