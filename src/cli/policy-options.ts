import { readFile } from 'node:fs/promises';

import type { SignerPolicyArgs } from '../enforce/admission/generators';
import { messageOf, SignedImageError } from '../error';
import { loadPublicKey } from '../sign';
import { type CommandContext, UsageError } from './command';
import { type parseOptions } from './options';

const TEXT = { type: 'string' } as const;
const TEXTS = { type: 'string', multiple: true } as const;

/** The options of every `signed-image policy` that is about signers. */
export const SIGNER_OPTIONS = {
  name: { type: 'string', default: 'signed-images' },
  key: TEXTS,
  identity: TEXTS,
  'identity-regexp': TEXTS,
  issuer: TEXT,
  'issuer-regexp': TEXT,
  image: TEXTS,
  format: TEXT,
  transparency: TEXT,
  'trusted-root': TEXT,
  annotation: TEXTS,
  provenance: { type: 'boolean' },
  'builder-id': TEXT,
  action: TEXT,
} as const;

export const SIGNER_HELP = `Options:
  --image PATTERN        images that the policy holds for: HOST/REPO, or HOST/... and *
                         at the end; may be given again
  --key REF              public key: a path, env://NAME, or a reference to Kubernetes,
                         GitLab, a KMS or Vault; may be given again
  --identity NAME        subject of the certificates (URI or e-mail address), exactly;
                         may be given again
  --identity-regexp RE   the same by an expression that the whole subject must match
  --issuer URL           OIDC issuer of the identities; or --issuer-regexp RE
  --format FORMAT        how images are signed: bundle (default), legacy or both
  --transparency WHAT    log, timestamp or none (default: log with identities, else none)
  --trusted-root FILE    trusted root of an own Sigstore (default: the public instance)
  --annotation KEY=VALUE must be signed; may be given again
  --provenance           a SLSA provenance must be there; with --builder-id ID of this builder
  --name NAME            name of the objects (default: signed-images)
  --action ACTION        Deny (default), Warn or Audit`;

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new SignedImageError({
      code: 'TRUSTED_ROOT_UNAVAILABLE',
      message: `--trusted-root ${path} cannot be read: ${messageOf(cause)}`,
      cause,
    });
  }
}

function pairs(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const equals = text.indexOf('=');
      if (equals < 1) throw new UsageError('--annotation must be KEY=VALUE');
      return [text.slice(0, equals), text.slice(equals + 1)];
    }),
  );
}

type SignerOptions = ReturnType<typeof parseOptions<typeof SIGNER_OPTIONS>>['values'];

function identitiesOf(values: SignerOptions): SignerPolicyArgs['identities'] {
  const issuer = {
    ...(values.issuer !== undefined && { issuer: values.issuer }),
    ...(values['issuer-regexp'] !== undefined && { issuerPattern: values['issuer-regexp'] }),
  };
  const identities = [
    ...(values.identity ?? []).map((identity) => ({ identity, ...issuer })),
    ...(values['identity-regexp'] ?? []).map((identityPattern) => ({ identityPattern, ...issuer })),
  ];
  // An issuer alone is told as what it lacks.
  if (identities.length === 0 && Object.keys(issuer).length > 0) return [issuer];
  return identities.length === 0 ? undefined : identities;
}

/**
 * What a policy is made of, by the options of a command line.
 *
 * @throws UsageError, SignedImageError of what could not be read
 */
export async function signerPolicyArgs(
  values: SignerOptions,
  { host }: CommandContext,
): Promise<SignerPolicyArgs> {
  const { key = [], image = [], format, transparency, action } = values;
  const root = values['trusted-root'];
  const builderId = values['builder-id'];
  const identities = identitiesOf(values);
  const keys: string[] = [];
  for (const ref of key) keys.push((await loadPublicKey(ref, host, '--key')).pem);
  return {
    name: values.name,
    images: image,
    ...(keys.length > 0 && { keys }),
    ...(identities && { identities }),
    ...(format !== undefined && { format }),
    ...(transparency !== undefined && { transparency }),
    ...(action !== undefined && { action }),
    ...(root !== undefined && { trustedRoot: await textOf(root) }),
    ...(values.annotation && { annotations: pairs(values.annotation) }),
    ...((values.provenance || builderId !== undefined) && {
      provenance: builderId === undefined ? {} : { builderId },
    }),
  };
}
