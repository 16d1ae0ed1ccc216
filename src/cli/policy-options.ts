import { readFile } from 'node:fs/promises';

import type { SignerPolicyArgs } from '../enforce/admission/generators';
import { messageOf, SignedImageError } from '../error';
import type { CommandContext } from './command';
import { CLAIM_OPTIONS, claimsOf } from './identity-options';
import { type OptionValues, type Options, UsageError } from './options';
import { modules } from './modules';

/** The options of every `signed-image policy` command with signers. */
export const SIGNER_OPTIONS = {
  image: {
    type: 'string',
    value: 'PATTERN',
    multiple: true,
    about: 'images that the policy applies to: HOST/REPO, or HOST/... with * at the end',
  },
  key: {
    type: 'string',
    value: 'REF',
    multiple: true,
    isPath: true,
    about:
      'public key: a path, env://NAME, or a reference to Kubernetes, GitLab, a KMS, Vault or a PKCS#11 token',
  },
  identity: {
    type: 'string',
    value: 'NAME',
    multiple: true,
    about: 'exact subject of the certificates (URI or e-mail address)',
  },
  'identity-regexp': {
    type: 'string',
    value: 'RE',
    multiple: true,
    about: 'regular expression that must match the whole subject',
  },
  issuer: { type: 'string', value: 'URL', about: 'exact OIDC issuer of the identities' },
  'issuer-regexp': {
    type: 'string',
    value: 'RE',
    about: 'regular expression that must match the whole issuer, instead of --issuer',
  },
  ...CLAIM_OPTIONS,
  format: {
    type: 'string',
    value: 'FORMAT',
    choices: ['bundle', 'legacy', 'both'],
    absent: 'bundle',
    about: 'format of the signatures',
  },
  transparency: {
    type: 'string',
    value: 'MODE',
    choices: ['log', 'timestamp', 'none'],
    absent: 'log with identities, otherwise none',
    about: 'required transparency',
  },
  'trusted-root': {
    type: 'string',
    value: 'FILE',
    absent: 'the public-good instance',
    isPath: true,
    about: 'trusted root of a private Sigstore instance',
  },
  annotation: {
    type: 'string',
    value: 'NAME=VALUE',
    multiple: true,
    about: 'required signed annotation',
  },
  provenance: { type: 'boolean', about: 'require SLSA provenance' },
  'builder-id': {
    type: 'string',
    value: 'ID',
    about: 'require SLSA provenance by this builder',
  },
  name: {
    type: 'string',
    value: 'NAME',
    default: 'signed-images',
    about: 'name of the objects, or beginning of their names',
  },
  action: {
    type: 'string',
    value: 'ACTION',
    choices: ['Deny', 'Warn', 'Audit'],
    absent: 'Deny',
    about: 'what happens to other images',
  },
} as const satisfies Options;

/** Reads the file of an option. */
export async function textOf(path: string, option: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new SignedImageError({
      code: 'INPUT_INVALID',
      message: `--${option} ${path} cannot be read: ${messageOf(cause)}`,
      cause,
    });
  }
}

function pairs(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const equals = text.indexOf('=');
      if (equals < 1) throw new UsageError('--annotation must be NAME=VALUE');
      return [text.slice(0, equals), text.slice(equals + 1)];
    }),
  );
}

type SignerOptions = OptionValues<typeof SIGNER_OPTIONS>;

function identitiesOf(values: SignerOptions): SignerPolicyArgs['identities'] {
  const issuer = {
    ...(values.issuer !== undefined && { issuer: values.issuer }),
    ...(values['issuer-regexp'] !== undefined && { issuerPattern: values['issuer-regexp'] }),
  };
  const claims = claimsOf(values);
  const identities = [
    ...(values.identity ?? []).map((identity) => ({ identity, ...issuer, ...claims })),
    ...(values['identity-regexp'] ?? []).map((identityPattern) => ({
      identityPattern,
      ...issuer,
      ...claims,
    })),
  ];
  // An issuer alone is reported as an incomplete identity.
  const others = { ...issuer, ...claims };
  if (identities.length === 0 && Object.keys(others).length > 0) return [others];
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
  const { loadPublicKey } = modules.sign();
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
    ...(root !== undefined && { trustedRoot: await textOf(root, 'trusted-root') }),
    ...(values.annotation && { annotations: pairs(values.annotation) }),
    ...((values.provenance || builderId !== undefined) && {
      provenance: builderId === undefined ? {} : { builderId },
    }),
  };
}
