import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { loadPublicKey, processHost } from '../../../../src/sign';
import { policyOf, verifyWithOurs } from '../../support/ours';
import type { Request, Verifier } from './verifiers';
import { OTHER_EMAIL } from './signed';

const { version } = JSON.parse(
  readFileSync(join(__dirname, '../../../../package.json'), 'utf8'),
) as { readonly version: string };

async function verify({ stack, signed, purpose, trusts }: Request) {
  const { signer, of, image, otherKey } = signed;
  const other =
    otherKey === undefined
      ? { identities: signer.identities.map((each) => ({ ...each, identity: OTHER_EMAIL })) }
      : { keys: [await loadPublicKey(otherKey, processHost())] };
  const policy = policyOf(stack, signer, {
    format: of.format,
    ...(purpose === 'signature' && { provenance: undefined }),
    ...(trusts === 'another' && other),
  });
  try {
    await verifyWithOurs(image, policy);
    return { code: 0, stdout: '', stderr: '' };
  } catch (error) {
    return { code: 1, stdout: '', stderr: String(error) };
  }
}

/** `VerifiedImage` of this package. */
export const ours: Verifier = {
  name: 'signed-image',
  inSample: true,
  version: () => version,
  gap: () => undefined,
  flags: ({ transparency, signer }) => [
    ...(transparency === 'none' ? [] : ['`sigstore.trustedRoot`']),
    // For a key: an identity requires a log by default.
    ...(transparency.startsWith('log')
      ? signer === 'key'
        ? ["`transparency: 'log'`"]
        : []
      : [`\`transparency: '${transparency}'\``]),
  ],
  verify,
};
