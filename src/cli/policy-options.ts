import { readFile } from 'node:fs/promises';

import type { SignerPolicyArgs } from '../enforce/admission/generators';
import { messageOf, SignedImageError } from '../error';
import { loadPublicKey } from '../sign';
import { type CommandContext, UsageError } from './command';
import { type parseOptions } from './options';

const TEXT = { type: 'string' } as const;
const TEXTS = { type: 'string', multiple: true } as const;

/** The options of every `signed-image policy` command with signers. */
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
  --image PATTERN        images that the policy applies to: HOST/REPO, or HOST/... with *
                         at the end; can be repeated
  --key REF              public key: a path, env://NAME, or a reference to Kubernetes,
                         GitLab, a KMS, Vault or a PKCS#11 token; can be repeated
  --identity NAME        exact subject of the certificates (URI or e-mail address);
                         can be repeated
  --identity-regexp RE   regular expression that must match the whole subject;
                         can be repeated
  --issuer URL           exact OIDC issuer of the identities; or --issuer-regexp RE
  --format FORMAT        format of the signatures: bundle (default), legacy or both
  --transparency MODE    log, timestamp or none (default: log with identities, otherwise none)
  --trusted-root FILE    trusted root of a private Sigstore instance (default: the
                         public-good instance)
  --annotation KEY=VALUE required signed annotation; can be repeated
  --provenance           require SLSA provenance
  --builder-id ID        require SLSA provenance by this builder
  --name NAME            name of the objects (default: signed-images)
  --action ACTION        Deny (default), Warn or Audit`;

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new SignedImageError({
      code: 'INPUT_INVALID',
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
  // An issuer alone is reported as an incomplete identity.
  if (identities.length === 0 && Object.keys(issuer).length > 0) return [issuer];
  return identities.length === 0 ? undefined : identities;
}

/**
 * Creates the arguments of a policy from command line options.
 *
 * @throws UsageError, and SignedImageError for files that cannot be read
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
