import { InvalidInputError, type Problem } from '../../error';
import { exemptImageFault } from '../program/exemption';
import { pinnedName } from '../program/image-rule';
import {
  celString,
  type Manifest,
  nameFault,
  namespaceProblems,
  namespaceSelector,
} from './manifest';
import { listProblems, type MembersOf, misspeltMembers } from './policy-members';
import { mountedExpression, runExpression } from './pod-images';
import { exceedsPolicySize, isVerified, verifiedVariables } from './verified-list';

/** Images that the cluster admits without verification. */
export interface AdmissionExemption {
  /**
   * `registry.k8s.io/pause:3.10`; everything below a path: `registry.k8s.io/*`; or a prefix and `*`,
   * which matches any text without `/`: `docker.io/library/nginx:*`.
   */
  readonly image: string;
  /** Why the image is exempt, for readers of the policy. Required. */
  readonly reason: string;
}

export interface DigestPolicyArgs {
  /** Name prefix of the objects: `<name>-pods`, and so on. */
  readonly name: string;
  /**
   * `host/repo@sha256:...` of all images that may be started. Running images may continue and be scaled
   * down; to start them again (a rollback, an evicted pod), the previous digest must be included too.
   */
  readonly images: readonly string[];
  readonly exempt?: readonly AdmissionExemption[];
  /** Namespaces that the policy applies to; `*` for all. Default: all but `kube-system`. */
  readonly namespaces?: readonly string[];
  /** `Deny`, `Warn` or `Audit`. Default: `Deny`. */
  readonly action?: string;
}

const MEMBERS: MembersOf<DigestPolicyArgs> = {
  name: 'any',
  images: 'any',
  exempt: { image: 'any', reason: 'any' },
  namespaces: 'any',
  action: 'any',
};

/** How objects of one shape are matched, and the path of their PodSpec. */
interface Shape {
  readonly name: string;
  readonly rules: readonly Rule[];
  readonly podSpec: string;
}

interface Rule {
  readonly apiGroups: readonly string[];
  readonly apiVersions: readonly string[];
  readonly operations: readonly string[];
  readonly resources: readonly string[];
}

const rule = (group: string, resources: readonly string[]): Rule => ({
  apiGroups: [group],
  apiVersions: ['*'],
  operations: ['CREATE', 'UPDATE'],
  resources,
});

/**
 * One policy for each shape, so that the API server type-checks every expression. The policy for pods is
 * decisive, whichever controller creates them; the others reject a workload when it is applied.
 *
 * The other writable subresources have no image (`scale`, `eviction`, `binding`, `status`), or the API
 * server itself does not allow them to change one (`pods/resize`).
 */
const SHAPES: readonly Shape[] = [
  // Ephemeral containers of a running pod are added through its subresource.
  { name: 'pods', rules: [rule('', ['pods', 'pods/ephemeralcontainers'])], podSpec: 'spec' },
  {
    name: 'templates',
    rules: [
      rule('apps', ['deployments', 'replicasets', 'statefulsets', 'daemonsets']),
      rule('batch', ['jobs']),
    ],
    podSpec: 'spec.template.spec',
  },
  {
    name: 'controllers',
    rules: [rule('', ['replicationcontrollers'])],
    podSpec: 'spec.template.spec',
  },
  { name: 'podtemplates', rules: [rule('', ['podtemplates'])], podSpec: 'template.spec' },
  {
    name: 'cronjobs',
    rules: [rule('batch', ['cronjobs'])],
    podSpec: 'spec.jobTemplate.spec.template.spec',
  },
];

const ACTIONS = ['Deny', 'Warn', 'Audit'];

function exemptionProblems({ image, reason }: AdmissionExemption, property: string): Problem[] {
  const problems: Problem[] = [];
  const report = (member: string, message: string): void => {
    problems.push({ property: `${property}.${member}`, code: 'INPUT_INVALID', message });
  };
  if (typeof reason !== 'string' || reason.trim() === '') {
    report('reason', 'is required: explain why this may run without verification');
  }
  const fault = exemptImageFault(image);
  const star = fault === undefined ? image.indexOf('*') : -1;
  if (fault !== undefined) report('image', fault);
  else if (star >= 0 && star < image.length - 1) {
    report('image', 'must be an image, or a prefix with `*` at its end: "registry.k8s.io/*"');
  }
  return problems;
}

/** Validates the arguments of a policy. */
export function digestPolicyProblems(args: DigestPolicyArgs): readonly Problem[] {
  const { name, images, exempt = [], action = 'Deny' } = args;
  const { problems: misspelt, isMeant } = misspeltMembers(args, MEMBERS);
  const problems: Problem[] = [];
  const all = () => [...misspelt, ...problems.filter(({ property }) => !isMeant(property))];
  problems.push(...listProblems(args));
  if (problems.length > 0) return all();
  const report = (property: string, message: string): void => {
    problems.push({ property, code: 'INPUT_INVALID', message });
  };
  const fault = nameFault(name);
  if (fault !== undefined) report('name', fault);
  if (images.length === 0)
    report('images', 'is empty: no image could run; list the verified references');
  images.forEach((image, index) => {
    if (pinnedName(image) === undefined) {
      report(
        `images[${index}]`,
        'must be host/repo@sha256:...: a tag may be moved to another image',
      );
    }
  });
  if (exceedsPolicySize(images)) {
    report(
      'images',
      `has ${images.length} references, more than an object of the API server can store; create a policy for each group of \`namespaces\``,
    );
  }
  problems.push(...namespaceProblems(args.namespaces));
  if (!ACTIONS.includes(action)) report('action', `must be one of ${ACTIONS.join(', ')}`);
  problems.push(...exempt.flatMap((each, index) => exemptionProblems(each, `exempt[${index}]`)));
  return all();
}

function exemptTest({ image }: AdmissionExemption): string {
  if (!image.endsWith('*')) return `image == ${celString(image)}`;
  const beginning = image.slice(0, -1);
  const begins = `image.startsWith(${celString(beginning)})`;
  if (beginning.endsWith('/')) return begins;
  return `(${begins} && !image.substring(${[...beginning].length}).contains("/"))`;
}

const admittedExpression = (exempt: readonly AdmissionExemption[], lists: number): string =>
  [...exempt.map(exemptTest), isVerified('image', lists)].join(' || ');

/** CEL: an expression about the object before an update; empty if the object is created. */
const beforeUpdate = (expression: string): string => `oldObject == null ? [] : (${expression})`;

function refusedExpression(exempt: readonly AdmissionExemption[], lists: number): string {
  const admitted = admittedExpression(exempt, lists);
  // The images before the update are compared first: that is the cheapest check for the API server.
  const of = (images: string, old: string): string =>
    `variables.${images}.filter(image, !(image in variables.${old} || ${admitted}))`;
  return `${of('run', 'ran')} + ${of('mount', 'mounted')}`;
}

const API = 'admissionregistration.k8s.io/v1';

function policyOf(shape: Shape, args: DigestPolicyArgs): Manifest {
  const { name, images, exempt = [] } = args;
  const reasons = exempt.map(({ image, reason }) => `${image}: ${reason}`).join('\n');
  const verified = verifiedVariables(images);
  return {
    apiVersion: API,
    kind: 'ValidatingAdmissionPolicy',
    metadata: {
      name: `${name}-${shape.name}`,
      annotations: {
        'signed-image/description': 'Admits only images that were verified by pulumi-signed-image.',
        ...(reasons !== '' && { 'signed-image/exempt': reasons }),
      },
    },
    spec: {
      // A request that cannot be evaluated is denied.
      failurePolicy: 'Fail',
      matchConstraints: { matchPolicy: 'Equivalent', resourceRules: shape.rules },
      variables: [
        ...verified,
        { name: 'podSpec', expression: `object.${shape.podSpec}` },
        // Controllers update objects with images that are no longer admitted, to scale them down, remove
        // their finalizers or delete them. An image that was mounted is not admitted to run by that.
        { name: 'ran', expression: beforeUpdate(runExpression(`oldObject.${shape.podSpec}`)) },
        {
          name: 'mounted',
          expression: beforeUpdate(mountedExpression(`oldObject.${shape.podSpec}`)),
        },
        { name: 'run', expression: runExpression('variables.podSpec') },
        { name: 'mount', expression: mountedExpression('variables.podSpec') },
        { name: 'refused', expression: refusedExpression(exempt, verified.length) },
      ],
      validations: [
        {
          expression: 'variables.refused.size() == 0',
          messageExpression:
            '"not verified by pulumi-signed-image: " + variables.refused.join(", ") + "; use the imageRef of a SignedImage or VerifiedImage"',
          reason: 'Forbidden',
        },
      ],
    },
  };
}

function bindingOf(policy: Manifest, { namespaces, action = 'Deny' }: DigestPolicyArgs): Manifest {
  return {
    apiVersion: API,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name: policy.metadata.name },
    spec: {
      policyName: policy.metadata.name,
      validationActions: [action],
      matchResources: { namespaceSelector: namespaceSelector(namespaces) },
    },
  };
}

/**
 * Generates policies for the API server itself, without a webhook: only these repositories at these
 * digests are admitted (with or without a tag, and by any alias of Docker Hub), in containers, init
 * containers, ephemeral containers and image volumes, of pods and of all workloads. An update may keep
 * the images of the object, but not add others.
 * https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/ (v1: Kubernetes 1.30)
 *
 * @throws InvalidInputError with all problems
 */
export function digestPolicy(args: DigestPolicyArgs): readonly Manifest[] {
  const problems = digestPolicyProblems(args);
  if (problems.length > 0) throw new InvalidInputError(problems);
  return SHAPES.flatMap((shape) => {
    const policy = policyOf(shape, args);
    return [policy, bindingOf(policy, args)];
  });
}
