import type { SignImageArgs, SignImageResult } from '../core';
import { type CommandContext, defineCommand } from './command';
import { IMAGE_ARGUMENT, IMAGE_OPTIONS, imageArgs } from './image-options';
import { withKeyPassword } from './keys';
import { modules } from './modules';
import { type Options, type OptionValues, UsageError } from './options';
import { pair } from './verification-options';

const SIGNER = 'Signer (a key, or --keyless)';
const SERVICES = 'Services (default: the public Sigstore instance, if one is needed)';

const SIGNING_OPTIONS = {
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
  annotation: {
    type: 'string',
    value: 'NAME=VALUE',
    short: 'a',
    multiple: true,
    about: 'annotation that is signed with the digest',
  },
  'signature-format': {
    type: 'string',
    value: 'FORMAT',
    choices: ['bundle', 'legacy', 'both'],
    absent: 'bundle',
    about: 'how the signature is stored',
  },
  'signed-identity': {
    type: 'string',
    value: 'REF',
    absent: 'HOST/REPO of the image, as with cosign',
    about:
      'reference that the image claims in the format legacy: with a tag, podman, skopeo and CRI-O accept it by default',
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

type SigningValues = OptionValues<typeof SIGNING_OPTIONS>;

/** `signed-image sign`. */
export const sign = defineCommand({
  words: ['sign'],
  summary: 'sign an image in a registry',
  about:
    'Signs an image by its digest, and every platform manifest of an index, and prints `host/repo@sha256:...`. A signature that this signer has stored with the same annotations is not created again. cosign verifies it.\n\nThe password of an encrypted key is read from COSIGN_PASSWORD, or prompted for.',
  arguments: [IMAGE_ARGUMENT],
  options: SIGNING_OPTIONS,
  sections: async () => [
    {
      title: 'Examples',
      lines: [
        'signed-image sign registry.example.com/app:1.0 --key cosign.key -a stage=prod',
        'signed-image sign registry.example.com/app@sha256:... --keyless',
      ],
    },
  ],
  async run({ values, positionals: [image] }, context) {
    const { terminal } = context;
    const args = signingArgs(image, values);
    const result = await signed(args, context);
    if (values.output === 'json') {
      terminal.print(JSON.stringify(result, null, 2));
      return;
    }
    terminal.print(result.reference);
  },
});

function signingArgs(image: string | undefined, values: SigningValues): SignImageArgs {
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
    ...imageArgs(image, values),
    ...(values.key !== undefined && { key: { ref: values.key } }),
    // An unknown provider is reported with its property.
    ...(isKeyless && { keyless: token as SignImageArgs['keyless'] }),
    annotations: Object.fromEntries(
      (values.annotation ?? []).map((each) => pair('annotation', each)),
    ),
    format: values['signature-format'] as SignImageArgs['format'],
    signedIdentity: values['signed-identity'],
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

async function signed(args: SignImageArgs, context: CommandContext): Promise<SignImageResult> {
  const { terminal } = context;
  const { signImage } = modules.core();
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
    ? signImage(args, options)
    : withKeyPassword(context, (password) =>
        signImage({ ...args, key: { ...key, password } }, options),
      );
}
