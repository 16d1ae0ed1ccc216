import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { runTool } from '../../support/tools';
import type { ImageCase, MatrixPurpose } from './cases';
import { onPath, programs } from './programs';
import { EMAIL, OTHER_EMAIL } from './signed';
import type { Request, Verifier } from './verifiers';

/** Files of containers-policy.json(5) and containers-registries.d(5). */
export interface PolicyFiles {
  readonly policy: string;
  readonly registriesD: string;
  /** An empty folder. */
  readonly output: string;
}

/** Writes a policy that requires this signature of every image, and lets the program look for attachments. */
export async function writePolicy(
  { folder, registry }: Request['stack'],
  requirement: object,
): Promise<PolicyFiles> {
  const own = await mkdtemp(join(folder, 'containers-'));
  const registriesD = join(own, 'registries.d');
  await mkdir(registriesD);
  const attachments = `docker:\n  "${registry.host}":\n    use-sigstore-attachments: true\n`;
  await writeFile(join(registriesD, 'attachments.yaml'), attachments);
  const policy = join(own, 'policy.json');
  const content = {
    default: [{ type: 'reject' }],
    transports: { docker: { '': [{ type: 'sigstoreSigned', ...requirement }] } },
  };
  await writeFile(policy, JSON.stringify(content));
  return { policy, registriesD, output: join(own, 'output') };
}

/** `signedIdentity` is left out: the default is matchRepoDigestOrExact. */
export function requirementOf({ signed, trust, trusts, stack }: Request): object {
  const { of, publicKey, otherKey } = signed;
  const log = of.transparency === 'log v1' && { rekorPublicKeyPath: trust.rekorKey };
  if (of.signer === 'key') return { keyPath: trusts === 'signer' ? publicKey : otherKey, ...log };
  const subjectEmail = trusts === 'signer' ? EMAIL : OTHER_EMAIL;
  const oidcIssuer = stack.sigstore.issuer.url;
  return {
    fulcio: { caPath: trust.fulcioChain, oidcIssuer, subjectEmail },
    rekorPublicKeyPath: trust.rekorKey,
  };
}

function gap({ format, signer, transparency }: ImageCase, purpose: MatrixPurpose) {
  if (format === 'bundle') return 'reads the legacy format only';
  if (purpose === 'provenance') return 'does not verify attestations';
  return signer === 'keyless' && transparency !== 'log v1'
    ? 'requires an entry in Rekor v1 for an identity'
    : undefined;
}

/** The code of podman, skopeo, Buildah and CRI-O, with its default identity: matchRepoDigestOrExact. */
export const containersPolicy: Verifier = {
  name: 'containers policy',
  inSample: true,
  version: () =>
    /\bgo\.podman\.io\/image\/v5\s+v([\d.]+)/.exec(
      execFileSync('go', ['version', '-m', programs()['containers-policy']], { encoding: 'utf8' }),
    )?.[1] ?? 'unknown',
  gap,
  flags: ({ transparency }) => [
    '`use-sigstore-attachments: true`',
    '`signedIdentity` of the signature, with a tag',
    ...(transparency === 'log v1' ? ['`rekorPublicKeyPath`'] : []),
  ],
  verify(request) {
    if (request.purpose === 'provenance') return undefined;
    return (async () => {
      const { policy, registriesD } = await writePolicy(request.stack, requirementOf(request));
      const { reference } = request.signed.image;
      return runTool(programs()['containers-policy'], [policy, registriesD, reference], {
        env: { HOME: request.stack.folder },
      });
    })();
  },
};

const SKOPEO = onPath('skopeo');
const skopeoVersion = (): string =>
  SKOPEO === undefined
    ? 'not installed'
    : (/([\d.]+\d)/.exec(execFileSync(SKOPEO, ['--version'], { encoding: 'utf8' }))?.[1] ?? '');

/** Debian 12 patches them away: "Debian-local change: sigstore disabled". */
const isDisabled = (): boolean => skopeoVersion().startsWith('1.9.');

/** The skopeo of the operating system. */
export const skopeo: Verifier = {
  name: 'skopeo',
  inSample: false,
  isInstalled: SKOPEO !== undefined,
  version: skopeoVersion,
  gap: (of, purpose) =>
    gap(of, purpose) ??
    (isDisabled() ? 'sigstore signatures are disabled in Debian 12' : undefined),
  flags: () => [
    '`use-sigstore-attachments: true`',
    '`signedIdentity` of the signature, with a tag',
  ],
  verify(request) {
    if (request.purpose === 'provenance' || SKOPEO === undefined) return undefined;
    return (async () => {
      const requirement = requirementOf(request);
      const { policy, registriesD, output } = await writePolicy(request.stack, requirement);
      const { reference } = request.signed.image;
      return runTool(
        SKOPEO,
        [
          ...['--policy', policy, '--registries.d', registriesD, 'copy', '--src-tls-verify=false'],
          // It verifies them, and would also store them, which a folder cannot.
          '--remove-signatures',
          ...[`docker://${reference}`, `dir:${output}`],
        ],
        { env: { HOME: request.stack.folder, XDG_RUNTIME_DIR: request.stack.folder } },
      );
    })();
  },
};
