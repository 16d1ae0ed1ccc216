import {
  digestPolicy,
  fluxVerification,
  kyvernoClusterPolicy,
  kyvernoPolicy,
  policyControllerPolicy,
  type PolicyManifests,
  type SignerPolicyArgs,
  yamlOf,
} from '../enforce/admission/generators';
import { type Command, type CommandContext, UsageError } from './command';
import { parseOptions } from './options';
import { SIGNER_HELP, SIGNER_OPTIONS, signerPolicyArgs } from './policy-options';

/** Prints the YAML to standard output, and warnings about unchecked requirements to standard error too. */
function print({ manifests, warnings }: PolicyManifests, { terminal }: CommandContext): void {
  warnings.forEach((warning) => terminal.printError(`warning: ${warning}`));
  terminal.print(yamlOf(manifests, warnings).trimEnd());
}

function rejectPositionals(positionals: readonly string[]): void {
  if (positionals.length > 0)
    throw new UsageError(`unexpected argument "${positionals.join(' ')}"`);
}

const NAMESPACES = { namespace: { type: 'string', multiple: true } } as const;

const NAMESPACE_HELP = `
  --namespace NAME       namespace that the policy applies to, or * for all; can be
                         repeated (default: all but kube-system)`;

/** Creates a command that prints the policy of an engine that verifies signers. */
function signerCommand(
  engine: string,
  summary: string,
  about: string,
  generate: (args: SignerPolicyArgs) => PolicyManifests,
): Command {
  return {
    words: ['policy', engine],
    summary,
    help: `Usage: signed-image policy ${engine} --key REF --image PATTERN [OPTIONS]
       signed-image policy ${engine} --identity NAME --issuer URL --image PATTERN [OPTIONS]

${about}

${SIGNER_HELP}${NAMESPACE_HELP}`,
    async run(args, context) {
      const { values, positionals } = parseOptions(args, { ...SIGNER_OPTIONS, ...NAMESPACES });
      rejectPositionals(positionals);
      const { namespace: namespaces } = values;
      const policy = await signerPolicyArgs(values, context);
      print(generate({ ...policy, ...(namespaces && { namespaces }) }), context);
    },
  };
}

/** `signed-image policy kyverno`. */
export const policyKyverno = signerCommand(
  'kyverno',
  'print a Kyverno ImageValidatingPolicy',
  'Prints a Kyverno ImageValidatingPolicy, as YAML for `kubectl apply -f -`.',
  kyvernoPolicy,
);

/** `signed-image policy kyverno-cluster-policy`. */
export const policyKyvernoClusterPolicy = signerCommand(
  'kyverno-cluster-policy',
  'print a Kyverno ClusterPolicy',
  'Prints a Kyverno ClusterPolicy (verifyImages), as YAML for `kubectl apply -f -`.',
  kyvernoClusterPolicy,
);

/** `signed-image policy policy-controller`. */
export const policyController = signerCommand(
  'policy-controller',
  'print a ClusterImagePolicy of sigstore policy-controller',
  `Prints a ClusterImagePolicy of sigstore policy-controller, with a TrustRoot for a private
Sigstore instance, as YAML for \`kubectl apply -f -\`.`,
  policyControllerPolicy,
);

/** `signed-image policy flux`. */
export const policyFlux: Command = {
  words: ['policy', 'flux'],
  summary: 'print a Flux OCIRepository with verification',
  help: `Usage: signed-image policy flux --key REF --image HOST/REPO [OPTIONS]
       signed-image policy flux --identity NAME --issuer URL --image HOST/REPO [OPTIONS]

Prints a Flux OCIRepository for each image, with the secrets that \`verify\` requires, as
YAML for \`kubectl apply -f -\`.

${SIGNER_HELP}
  --namespace NAME       namespace of the objects (default: flux-system)`,
  async run(args, context) {
    const { values, positionals } = parseOptions(args, {
      ...SIGNER_OPTIONS,
      namespace: { type: 'string' },
    });
    rejectPositionals(positionals);
    const { namespace } = values;
    const policy = await signerPolicyArgs(values, context);
    print(fluxVerification({ ...policy, ...(namespace !== undefined && { namespace }) }), context);
  },
};

const VAP_OPTIONS = {
  name: { type: 'string', default: 'signed-images' },
  image: { type: 'string', multiple: true },
  exempt: { type: 'string', multiple: true },
  action: { type: 'string' },
  ...NAMESPACES,
} as const;

function exemption(text: string): { readonly image: string; readonly reason: string } {
  const equals = text.indexOf('=');
  return equals < 0
    ? { image: text, reason: '' }
    : { image: text.slice(0, equals), reason: text.slice(equals + 1) };
}

/** `signed-image policy vap`. */
export const policyVap: Command = {
  words: ['policy', 'vap'],
  summary: 'print a ValidatingAdmissionPolicy for verified digests',
  help: `Usage: signed-image policy vap --image HOST/REPO@sha256:... [OPTIONS]

Prints ValidatingAdmissionPolicy objects with which the API server itself admits only these
images, as YAML for \`kubectl apply -f -\`.

Options:
  --image REF            host/repo@sha256:... of a verified image; can be repeated
  --exempt IMAGE=REASON  image to admit without verification, or a prefix with *;
                         can be repeated
  --name NAME            name prefix of the objects (default: signed-images)
  --action ACTION        Deny (default), Warn or Audit${NAMESPACE_HELP}`,
  async run(args, context) {
    const { values, positionals } = parseOptions(args, VAP_OPTIONS);
    rejectPositionals(positionals);
    const { name, image: images = [], exempt, action, namespace: namespaces } = values;
    const manifests = digestPolicy({
      name,
      images,
      ...(exempt && { exempt: exempt.map(exemption) }),
      ...(action !== undefined && { action }),
      ...(namespaces && { namespaces }),
    });
    print({ manifests, warnings: [] }, context);
  },
};
