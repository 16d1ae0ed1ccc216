import type { CoreOptions, SignImageArgs } from '../core';
import type { SigningInputs } from '../sign';
import type { CommandContext } from './command';
import { IMAGE_OPTIONS } from './image-options';
import { withKeyPassword } from './keys';
import { type Options, type OptionValues, UsageError } from './options';

const SIGNER = 'Signer (a key, or --keyless)';
const SERVICES = 'Services (default: the public Sigstore instance, if one is needed)';

/** The options of commands that sign. */
export const SIGNING_OPTIONS = {
  key: {
    type: 'string',
    value: 'REF',
    isPath: true,
    group: SIGNER,
    about:
      'private key, as in key.ref: a path, env://NAME, or a reference to Kubernetes, GitLab, a KMS, Vault or a PKCS#11 token',
  },
  keyless: {
    type: 'boolean',
    group: SIGNER,
    about: 'sign with an identity: OIDC token, certificate of Fulcio, entry in the log',
  },
  'identity-provider': {
    type: 'string',
    value: 'NAME',
    group: SIGNER,
    absent: 'auto',
    about: 'where the OIDC token comes from (docs/identities)',
  },
  'identity-token-file': {
    type: 'string',
    value: 'FILE',
    isPath: true,
    group: SIGNER,
    about: 'file with the OIDC token',
  },
  'identity-token-env': {
    type: 'string',
    value: 'NAME',
    group: SIGNER,
    about: 'environment variable with the OIDC token',
  },
  'identity-issuer': {
    type: 'string',
    value: 'URL',
    group: SIGNER,
    about: 'required issuer of the token; for a sign-in, also where to sign in',
  },
  'signature-format': {
    type: 'string',
    value: 'FORMAT',
    choices: ['bundle', 'legacy', 'both'],
    absent: 'bundle',
    about: 'how the signature is stored',
  },
  transparency: {
    type: 'string',
    value: 'MODE',
    choices: ['public', 'private', 'none'],
    absent: 'public for --keyless; for a key none, or the log of --rekor-url',
    about: 'where the signature is logged',
  },
  'fulcio-url': { type: 'string', value: 'URL', group: SERVICES, about: 'certificate authority' },
  'rekor-url': { type: 'string', value: 'URL', group: SERVICES, about: 'transparency log' },
  'rekor-version': {
    type: 'string',
    value: 'NUMBER',
    choices: ['1', '2'],
    absent: '1',
    group: SERVICES,
    about: 'major version of the API of the log',
  },
  'tsa-url': { type: 'string', value: 'URL', group: SERVICES, about: 'timestamp authority' },
  'signing-config': {
    type: 'string',
    value: 'FILE',
    isPath: true,
    group: SERVICES,
    about: 'SigningConfig with all services',
  },
  'client-trust-config': {
    type: 'string',
    value: 'FILE',
    isPath: true,
    group: SERVICES,
    about: 'ClientTrustConfig with services and trusted root',
  },
  'trusted-root': {
    type: 'string',
    value: 'FILE',
    isPath: true,
    group: SERVICES,
    about: 'trusted root of a private instance',
  },
  'confirm-public': {
    type: 'boolean',
    group: SERVICES,
    about: 'allow that data of a private repository becomes public',
  },
  ...IMAGE_OPTIONS,
} as const satisfies Options;

/** The values of these options. */
export type SigningValues = OptionValues<typeof SIGNING_OPTIONS>;

/** What these options declare, without the image. */
export type DeclaredSigning = SigningInputs & Pick<SignImageArgs, 'format'>;

/**
 * Returns the signer, the services and the storage format.
 *
 * @throws UsageError unless exactly one signer is given
 */
export function declaredSigning(values: SigningValues): DeclaredSigning {
  const token = {
    provider: values['identity-provider'],
    tokenFile: values['identity-token-file'],
    tokenEnv: values['identity-token-env'],
    issuer: values['identity-issuer'],
  };
  const isKeyless = values.keyless === true;
  if (isKeyless === (values.key !== undefined))
    throw new UsageError('expected one signer: --key REF or --keyless');
  if (!isKeyless && Object.values(token).some((each) => each !== undefined))
    throw new UsageError('the options of an identity require --keyless');
  const version = values['rekor-version'];
  return {
    ...(values.key !== undefined && { key: { ref: values.key } }),
    // An unknown provider is reported with its property.
    ...(isKeyless && { keyless: token as SignImageArgs['keyless'] }),
    format: values['signature-format'] as SignImageArgs['format'],
    transparency: values.transparency as SignImageArgs['transparency'],
    sigstore: {
      fulcioUrl: values['fulcio-url'],
      rekorUrl: values['rekor-url'],
      rekorVersion: version === undefined ? undefined : Number(version),
      tsaUrl: values['tsa-url'],
      signingConfig: values['signing-config'],
      clientTrustConfig: values['client-trust-config'],
      trustedRoot: values['trusted-root'],
      confirmPublic: values['confirm-public'],
    },
  };
}

/** Calls a function that signs, with the terminal for sign-ins, warnings and progress, and the password of the key. */
export async function withSigner<Args extends SigningInputs, Result>(
  args: Args,
  context: CommandContext,
  sign: (args: Args, options: CoreOptions) => Promise<Result>,
): Promise<Result> {
  const { terminal } = context;
  const host = {
    ...context.host,
    ...(terminal.isInteractive && {
      interactiveLogin: { announce: (line: string) => terminal.printError(line) },
    }),
  };
  const options = {
    host,
    warn: (line: string) => terminal.printError(`warning: ${line}`),
    ...(terminal.isInteractive && { progress: (line: string) => terminal.printError(line) }),
  };
  const { key } = args;
  return key === undefined
    ? sign(args, options)
    : withKeyPassword(context, (password) => sign({ ...args, key: { ...key, password } }, options));
}
