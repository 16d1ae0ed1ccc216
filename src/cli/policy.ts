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

/** The YAML is the result; what the policy does not check is told beside it, too. */
function print({ manifests, warnings }: PolicyManifests, { terminal }: CommandContext): void {
  warnings.forEach((warning) => terminal.tell(`warning: ${warning}`));
  terminal.print(yamlOf(manifests, warnings).trimEnd());
}

function refuseMore(positionals: readonly string[]): void {
  if (positionals.length > 0)
    throw new UsageError(`"${positionals.join(' ')}" belongs to no option`);
}

const NAMESPACES = { namespace: { type: 'string', multiple: true } } as const;

const NAMESPACE_HELP = `
  --namespace NAME       the policy holds for; may be given again, * for all
                         (default: all but kube-system)`;

/** A command that prints the policy of an engine which asks who signed. */
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
    async run(args, world) {
      const { values, positionals } = parseOptions(args, { ...SIGNER_OPTIONS, ...NAMESPACES });
      refuseMore(positionals);
      const { namespace: namespaces } = values;
      const policy = await signerPolicyArgs(values, world);
      print(generate({ ...policy, ...(namespaces && { namespaces }) }), world);
    },
  };
}

/** `signed-image policy kyverno`. */
export const policyKyverno = signerCommand(
  'kyverno',
  'print a Kyverno ImageValidatingPolicy',
  'Prints an ImageValidatingPolicy of Kyverno, as YAML for `kubectl apply -f -`.',
  kyvernoPolicy,
);

/** `signed-image policy kyverno-cluster-policy`. */
export const policyKyvernoClusterPolicy = signerCommand(
  'kyverno-cluster-policy',
  'print a Kyverno ClusterPolicy',
  'Prints a ClusterPolicy (verifyImages) of Kyverno, as YAML for `kubectl apply -f -`.',
  kyvernoClusterPolicy,
);

/** `signed-image policy policy-controller`. */
export const policyController = signerCommand(
  'policy-controller',
  'print a ClusterImagePolicy of sigstore policy-controller',
  `Prints a ClusterImagePolicy of sigstore policy-controller, with a TrustRoot for an own
Sigstore, as YAML for \`kubectl apply -f -\`.`,
  policyControllerPolicy,
);

/** `signed-image policy flux`. */
export const policyFlux: Command = {
  words: ['policy', 'flux'],
  summary: 'print an OCIRepository of Flux that verifies',
  help: `Usage: signed-image policy flux --key REF --image HOST/REPO [OPTIONS]
       signed-image policy flux --identity NAME --issuer URL --image HOST/REPO [OPTIONS]

Prints an OCIRepository of Flux for each image, with what \`verify\` needs, as YAML for
\`kubectl apply -f -\`.

${SIGNER_HELP}
  --namespace NAME       of the objects (default: flux-system)`,
  async run(args, world) {
    const { values, positionals } = parseOptions(args, {
      ...SIGNER_OPTIONS,
      namespace: { type: 'string' },
    });
    refuseMore(positionals);
    const { namespace } = values;
    const policy = await signerPolicyArgs(values, world);
    print(fluxVerification({ ...policy, ...(namespace !== undefined && { namespace }) }), world);
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

Prints ValidatingAdmissionPolicy objects by which the API server itself admits these very
images and no other, as YAML for \`kubectl apply -f -\`.

Options:
  --image REF            host/repo@sha256:... of a verified image; may be given again
  --exempt IMAGE=REASON  runs although nobody verified it: an image, or a beginning and *;
                         may be given again
  --name NAME            beginning of the names of the objects (default: signed-images)
  --action ACTION        Deny (default), Warn or Audit${NAMESPACE_HELP}`,
  async run(args, world) {
    const { values, positionals } = parseOptions(args, VAP_OPTIONS);
    refuseMore(positionals);
    const { name, image: images = [], exempt, action, namespace: namespaces } = values;
    const manifests = digestPolicy({
      name,
      images,
      ...(exempt && { exempt: exempt.map(exemption) }),
      ...(action !== undefined && { action }),
      ...(namespaces && { namespaces }),
    });
    print({ manifests, warnings: [] }, world);
  },
};
