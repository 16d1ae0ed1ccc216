import type { PolicyManifests, SignerPolicyArgs } from '../enforce/admission/generators';
import { type Command, type CommandContext, defineCommand } from './command';
import { type Options, UsageError } from './options';
import { SIGNER_OPTIONS, signerPolicyArgs, textOf } from './policy-options';
import { modules } from './modules';

/** Prints the YAML to standard output, and warnings about unchecked requirements to standard error too. */
async function print(
  { manifests, warnings }: PolicyManifests,
  { terminal }: CommandContext,
): Promise<void> {
  const { yamlOf } = modules.policyGenerators();
  warnings.forEach((warning) => terminal.printError(`warning: ${warning}`));
  terminal.print(yamlOf(manifests, warnings).trimEnd());
}

const NAMESPACES = {
  namespace: {
    type: 'string',
    value: 'NAME',
    multiple: true,
    absent: 'all but kube-system',
    about: 'namespace that the policy applies to, or * for all',
  },
} as const satisfies Options;

type SignerGenerator = 'kyvernoClusterPolicy' | 'policyControllerPolicy';

const SIGNERS_REQUIRED =
  'Requires at least one --key, or an identity with its issuer, and at least one --image.';

/** Creates a command that prints the policy of an engine that verifies signers. */
function signerCommand(
  engine: string,
  summary: string,
  about: string,
  generator: SignerGenerator,
): Command {
  return defineCommand({
    words: ['policy', engine],
    summary,
    about: `${about} ${SIGNERS_REQUIRED}`,
    options: { ...SIGNER_OPTIONS, ...NAMESPACES },
    async run({ values }, context) {
      const { namespace: namespaces } = values;
      const policy = await signerPolicyArgs(values, context);
      const generate = modules.policyGenerators()[generator];
      await print(generate({ ...policy, ...(namespaces && { namespaces }) }), context);
    },
  });
}

/** `signed-image policy kyverno`. */
export const policyKyverno = defineCommand({
  words: ['policy', 'kyverno'],
  summary: 'print a Kyverno ImageValidatingPolicy',
  about: `Prints a Kyverno ImageValidatingPolicy, as YAML for \`kubectl apply -f -\`. ${SIGNERS_REQUIRED}`,
  options: {
    ...SIGNER_OPTIONS,
    ...NAMESPACES,
    'tuf-mirror': {
      type: 'string',
      value: 'URL',
      absent: 'the repository of the public-good instance',
      about:
        'TUF repository of a private Sigstore instance, which Kyverno loads in addition to --trusted-root',
    },
    'tuf-root': {
      type: 'string',
      value: 'FILE',
      isPath: true,
      absent: 'the root of the public-good instance',
      about: 'initial root.json of that repository',
    },
  },
  async run({ values }, context) {
    const { namespace: namespaces, 'tuf-mirror': mirror, 'tuf-root': root } = values;
    if (root !== undefined && mirror === undefined)
      throw new UsageError('--tuf-root requires --tuf-mirror');
    const policy = await signerPolicyArgs(values, context);
    const { kyvernoPolicy } = modules.policyGenerators();
    const tuf = mirror !== undefined && {
      tuf: { mirror, ...(root !== undefined && { root: await textOf(root, 'tuf-root') }) },
    };
    await print(kyvernoPolicy({ ...policy, ...(namespaces && { namespaces }), ...tuf }), context);
  },
});

/** `signed-image policy kyverno-cluster-policy`. */
export const policyKyvernoClusterPolicy = signerCommand(
  'kyverno-cluster-policy',
  'print a Kyverno ClusterPolicy',
  'Prints a Kyverno ClusterPolicy (verifyImages), as YAML for `kubectl apply -f -`.',
  'kyvernoClusterPolicy',
);

/** `signed-image policy policy-controller`. */
export const policyController = signerCommand(
  'policy-controller',
  'print a ClusterImagePolicy of sigstore policy-controller',
  'Prints a ClusterImagePolicy of sigstore policy-controller, with a TrustRoot for a private Sigstore instance, as YAML for `kubectl apply -f -`.',
  'policyControllerPolicy',
);

/** `signed-image policy flux`. */
export const policyFlux = defineCommand({
  words: ['policy', 'flux'],
  summary: 'print a Flux OCIRepository with verification',
  about:
    'Prints a Flux OCIRepository for each image, with the secrets that `verify` requires, as YAML for `kubectl apply -f -`. Requires at least one --key, or an identity with its issuer, and at least one --image.',
  options: {
    ...SIGNER_OPTIONS,
    namespace: {
      type: 'string',
      value: 'NAME',
      absent: 'flux-system',
      about: 'namespace of the objects',
    },
  },
  async run({ values }, context) {
    const { namespace } = values;
    const policy: SignerPolicyArgs = await signerPolicyArgs(values, context);
    const { fluxVerification } = modules.policyGenerators();
    const args = { ...policy, ...(namespace !== undefined && { namespace }) };
    await print(fluxVerification(args), context);
  },
});

function exemption(text: string): { readonly image: string; readonly reason: string } {
  const equals = text.indexOf('=');
  return equals < 0
    ? { image: text, reason: '' }
    : { image: text.slice(0, equals), reason: text.slice(equals + 1) };
}

/** `signed-image policy vap`. */
export const policyVap = defineCommand({
  words: ['policy', 'vap'],
  summary: 'print a ValidatingAdmissionPolicy for verified digests',
  about:
    'Prints ValidatingAdmissionPolicy objects with which the API server itself admits only these images, as YAML for `kubectl apply -f -`.',
  options: {
    image: {
      type: 'string',
      value: 'REF',
      multiple: true,
      about: 'host/repo@sha256:... of a verified image',
    },
    exempt: {
      type: 'string',
      value: 'IMAGE=REASON',
      multiple: true,
      about: 'image to admit without verification, or a prefix with *',
    },
    name: SIGNER_OPTIONS.name,
    action: SIGNER_OPTIONS.action,
    ...NAMESPACES,
  },
  async run({ values }, context) {
    const { name, image: images = [], exempt, action, namespace: namespaces } = values;
    const { digestPolicy } = modules.policyGenerators();
    const manifests = digestPolicy({
      name,
      images,
      ...(exempt && { exempt: exempt.map(exemption) }),
      ...(action !== undefined && { action }),
      ...(namespaces && { namespaces }),
    });
    await print({ manifests, warnings: [] }, context);
  },
});
