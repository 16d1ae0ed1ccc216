import { execFileSync } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { PROVENANCE_PREDICATE_TYPE, SIGNATURE_PREDICATE_TYPE } from '../../../../src/attest';
import { runTool } from '../../support/tools';
import { programs } from './programs';
import { bundleOf, EMAIL, OTHER_EMAIL } from './signed';
import type { Request, Verifier } from './verifiers';

/** Writes the bundle and the image's manifest, which these programs verify instead of an image. */
async function writeFiles({ stack, signed, purpose }: Request) {
  const { image } = signed;
  const type = purpose === 'signature' ? SIGNATURE_PREDICATE_TYPE : PROVENANCE_PREDICATE_TYPE;
  const folder = await mkdtemp(join(stack.folder, 'bundle-'));
  const path = image.repository.slice(image.repository.indexOf('/') + 1);
  const manifest = stack.registry.store.getManifest(path, image.digest)!.bytes;
  const bundle = { bundle: join(folder, 'bundle.json'), manifest: join(folder, 'manifest.json') };
  await writeFile(bundle.bundle, bundleOf(stack, image, type));
  await writeFile(bundle.manifest, manifest);
  return bundle;
}

const BUNDLES_ONLY = 'reads bundles only';
const identityOf = (trusts: Request['trusts']): string =>
  trusts === 'signer' ? EMAIL : OTHER_EMAIL;

function offline(home: string) {
  return { HOME: home, XDG_CACHE_HOME: home, HTTPS_PROXY: 'http://127.0.0.1:9' };
}

/** The program `sigstore`. */
export const sigstorePython: Verifier = {
  name: 'sigstore-python',
  inSample: false,
  version: () =>
    execFileSync(
      programs().python,
      ['-c', 'import importlib.metadata as m; print(m.version("sigstore"))'],
      { encoding: 'utf8' },
    ).trim(),
  gap({ format, signer, transparency }) {
    if (format === 'legacy') return BUNDLES_ONLY;
    if (signer === 'key') return 'verifies certificates only, not keys';
    return transparency === 'timestamp' ? 'requires a log entry' : undefined;
  },
  flags: () => ['`--trust-config`', '`--offline`'],
  verify(request) {
    const { of } = request.signed;
    if (of.format === 'legacy' || of.signer === 'key') return undefined;
    return (async () => {
      const { bundle, manifest } = await writeFiles(request);
      return runTool(
        programs().python,
        [
          ...['-m', 'sigstore', '--trust-config', request.trust.clientTrust, 'verify', 'identity'],
          ...['--offline', '--bundle', bundle, '--cert-identity', identityOf(request.trusts)],
          ...['--cert-oidc-issuer', request.stack.sigstore.issuer.url, manifest],
        ],
        { env: offline(request.stack.folder) },
      );
    })();
  },
};

/** The verification program in the examples of sigstore-go. */
export const sigstoreGo: Verifier = {
  name: 'sigstore-go',
  inSample: false,
  version: () =>
    /\bsigstore\/sigstore-go\s+v([\d.]+)/.exec(
      execFileSync('go', ['version', '-m', programs()['sigstore-go-verification']], {
        encoding: 'utf8',
      }),
    )?.[1] ?? 'unknown',
  gap({ format, signer, transparency }) {
    if (format === 'legacy') return BUNDLES_ONLY;
    if (signer === 'key' && ['none', 'log v2'].includes(transparency))
      return 'its program requires a time signed by a log or a timestamp authority';
    return undefined;
  },
  flags: ({ transparency, signer }) => [
    '`-trustedrootJSONpath`',
    ...(transparency.startsWith('log') ? [] : ['`-requireTlog=false`']),
    ...(signer === 'key' ? ['`-requireCTlog=false`'] : []),
  ],
  verify(request) {
    const { signed, trust, trusts } = request;
    const { of, publicKey = '', otherKey = '' } = signed;
    if (of.format === 'legacy') return undefined;
    return (async () => {
      const { bundle, manifest } = await writeFiles(request);
      const signer =
        of.signer === 'key'
          ? ['-publicKey', trusts === 'signer' ? publicKey : otherKey, '-requireCTlog=false']
          : [
              ...['-expectedSAN', identityOf(trusts)],
              ...['-expectedIssuer', request.stack.sigstore.issuer.url],
            ];
      return runTool(
        programs()['sigstore-go-verification'],
        [
          ...['-trustedrootJSONpath', trust.trustedRoot, ...signer],
          ...(of.transparency.startsWith('log') ? [] : ['-requireTlog=false']),
          ...['-artifact', manifest, bundle],
        ],
        { env: offline(request.stack.folder) },
      );
    })();
  },
};
