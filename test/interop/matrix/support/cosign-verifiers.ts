import { execFileSync } from 'node:child_process';

import type { ImageCase, MatrixPurpose } from './cases';
import { isInstalled, programs } from './programs';
import { EMAIL, OTHER_EMAIL } from './signed';
import type { Request, Verifier } from './verifiers';

const versionOf = (program: string): string =>
  /\bcosign\/v[23]\s+v([\d.]+)/.exec(
    execFileSync('go', ['version', '-m', program], { encoding: 'utf8' }),
  )?.[1] ?? 'unknown';

const isLogged = ({ transparency }: ImageCase): boolean => transparency.startsWith('log');

/** Whether cosign must be told to check the timestamp: nothing else proves the time of a keyless signature. */
const isStamped = ({ signer, transparency }: ImageCase): boolean =>
  transparency === 'timestamp' || (signer === 'keyless' && transparency === 'log v2');

function logFlags(of: ImageCase): readonly string[] {
  return [
    ...(isLogged(of) ? [] : ['--insecure-ignore-tlog']),
    ...(isStamped(of) ? ['--use-signed-timestamps'] : []),
  ];
}

function signerArguments({ signed, stack, trusts }: Request): readonly string[] {
  const { publicKey, otherKey } = signed;
  if (publicKey !== undefined && otherKey !== undefined)
    return ['--key', trusts === 'signer' ? publicKey : otherKey];
  return [
    '--certificate-identity',
    trusts === 'signer' ? EMAIL : OTHER_EMAIL,
    '--certificate-oidc-issuer',
    stack.sigstore.issuer.url,
  ];
}

const commandOf = (purpose: MatrixPurpose): readonly string[] =>
  purpose === 'signature' ? ['verify'] : ['verify-attestation', '--type', 'slsaprovenance1'];

/** cosign 3, which reads bundles, and the legacy format if there are none. */
export const cosign3: Verifier = {
  name: 'cosign 3',
  inSample: true,
  version: () => versionOf(programs().cosign),
  gap: () => undefined,
  flags: (of) => [
    ...(of.signer === 'key' && of.transparency === 'none' ? [] : ['`--trusted-root`']),
    ...logFlags(of).map((flag) => `\`${flag}\``),
  ],
  verify(request) {
    const { of, image } = request.signed;
    const root = of.signer === 'key' && of.transparency === 'none';
    return request.stack.cosign([
      ...commandOf(request.purpose),
      ...signerArguments(request),
      ...(root ? [] : ['--trusted-root', request.trust.trustedRoot]),
      ...logFlags(of),
      image.reference,
    ]);
  },
};

/** The variables with which cosign 2 verifies legacy attestations by a private instance: it refuses a trusted root there. */
const needsVariables = (of: ImageCase, purpose: MatrixPurpose): boolean =>
  of.format === 'legacy' && of.signer === 'keyless' && purpose === 'provenance';

/** cosign 2.6, which reads the legacy format, and bundles. */
export const cosign2: Verifier = {
  name: 'cosign 2.6',
  inSample: false,
  // Of a single test file only: the suite fails without it.
  isInstalled: isInstalled(programs().cosign2),
  version: () => versionOf(programs().cosign2),
  gap: () => undefined,
  flags: (of, purpose) => [
    ...(of.format === 'bundle' ? ['`--new-bundle-format`'] : []),
    ...(needsVariables(of, purpose)
      ? ['`SIGSTORE_ROOT_FILE`, `SIGSTORE_REKOR_PUBLIC_KEY`, `SIGSTORE_CT_LOG_PUBLIC_KEY_FILE`']
      : of.format === 'legacy' && of.transparency === 'none'
        ? []
        : ['`--trusted-root`']),
    ...(needsVariables(of, purpose) && of.transparency === 'timestamp'
      ? ['`--timestamp-certificate-chain`']
      : []),
    ...logFlags(of).map((flag) => `\`${flag}\``),
  ],
  verify(request) {
    const { signed, stack, trust, purpose } = request;
    const { of, image } = signed;
    const variables = needsVariables(of, purpose);
    const root = variables || (of.format === 'legacy' && of.transparency === 'none');
    return stack.cosign(
      [
        ...commandOf(purpose),
        ...signerArguments(request),
        ...(of.format === 'bundle' ? ['--new-bundle-format'] : []),
        ...(root ? [] : ['--trusted-root', trust.trustedRoot]),
        ...(variables && of.transparency === 'timestamp'
          ? ['--timestamp-certificate-chain', trust.tsaChain]
          : []),
        ...logFlags(of),
        image.reference,
      ],
      variables
        ? {
            SIGSTORE_ROOT_FILE: trust.fulcioChain,
            SIGSTORE_REKOR_PUBLIC_KEY: trust.rekorKey,
            SIGSTORE_CT_LOG_PUBLIC_KEY_FILE: trust.ctLogKey,
          }
        : {},
      programs().cosign2,
    );
  },
};
