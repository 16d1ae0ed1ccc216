import { InvalidInputError, type Problem } from '../../error';
import { pinnedName } from '../program/image-rule';
import { celString, celStrings } from './cel';
import { type Manifest, nameFault } from './manifest';
import { namespaceProblems, namespaceSelector } from './namespace-selector';

/** Images that the cluster admits although nobody verified them. */
export interface AdmissionExemption {
  /** `registry.k8s.io/pause:3.10`, or a beginning and `*`: `registry.k8s.io/*`. */
  readonly image: string;
  /** Why: for whoever reads the policy. Needed. */
  readonly reason: string;
}

export interface DigestPolicyArgs {
  /** Beginning of the names of the objects: `<name>-pods`, and the like. */
  readonly name: string;
  /** `host/repo@sha256:...` of all that may run; what still runs while a new digest rolls out belongs in it. */
  readonly images: readonly string[];
  readonly exempt?: readonly AdmissionExemption[];
  /** Namespaces that the policy holds for; `*` for all. Default: all but `kube-system`. */
  readonly namespaces?: readonly string[];
  /** `Deny`, `Warn` or `Audit`. Default: `Deny`. */
  readonly action?: string;
}

/** How objects of one shape are matched, and where their PodSpec is. */
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
 * A policy for each shape: so every expression is type-checked by the API server. Pods decide, as
 * whatever makes them; the others are there so that who applies them is told at once.
 */
const SHAPES: readonly Shape[] = [
  // The ephemeral containers of a running pod come by its subresource.
  { name: 'pods', rules: [rule('', ['pods', 'pods/ephemeralcontainers'])], podSpec: 'object.spec' },
  {
    name: 'templates',
    rules: [
      rule('apps', ['deployments', 'replicasets', 'statefulsets', 'daemonsets']),
      rule('batch', ['jobs']),
    ],
    podSpec: 'object.spec.template.spec',
  },
  {
    name: 'controllers',
    rules: [rule('', ['replicationcontrollers'])],
    podSpec: 'object.spec.template.spec',
  },
  { name: 'podtemplates', rules: [rule('', ['podtemplates'])], podSpec: 'object.template.spec' },
  {
    name: 'cronjobs',
    rules: [rule('batch', ['cronjobs'])],
    podSpec: 'object.spec.jobTemplate.spec.template.spec',
  },
];

const ACTIONS = ['Deny', 'Warn', 'Audit'];
const WILD = /^[^*]+\*?$/;

function exemptionProblems({ image, reason }: AdmissionExemption, property: string): Problem[] {
  const problems: Problem[] = [];
  const report = (member: string, message: string): void => {
    problems.push({ property: `${property}.${member}`, code: 'INPUT_INVALID', message });
  };
  if (typeof reason !== 'string' || reason.trim() === '') {
    report('reason', 'is needed: say why this may run without having been verified');
  }
  if (!WILD.test(image)) {
    report('image', 'must be an image, or a beginning and `*` at its end: "registry.k8s.io/*"');
  } else if (image.endsWith('*') && !image.includes('/')) {
    report('image', `"${image}" would admit the images of every registry that begins so; name one`);
  }
  return problems;
}

/** Everything that is wrong with what a policy was told. */
export function digestPolicyProblems(args: DigestPolicyArgs): readonly Problem[] {
  const { name, images, exempt = [], action = 'Deny' } = args;
  const problems: Problem[] = [];
  const report = (property: string, message: string): void => {
    problems.push({ property, code: 'INPUT_INVALID', message });
  };
  const fault = nameFault(name);
  if (fault !== undefined) report('name', fault);
  if (images.length === 0)
    report('images', 'is empty: nothing could run; give the verified references');
  images.forEach((image, index) => {
    if (pinnedName(image) === undefined) {
      report(
        `images[${index}]`,
        'must be host/repo@sha256:...: a tag may be another image tomorrow',
      );
    }
  });
  problems.push(...namespaceProblems(args.namespaces));
  if (!ACTIONS.includes(action)) report('action', `must be one of ${ACTIONS.join(', ')}`);
  return [
    ...problems,
    ...exempt.flatMap((each, index) => exemptionProblems(each, `exempt[${index}]`)),
  ];
}

function exemptExpression(exempt: readonly AdmissionExemption[]): string {
  const tests = exempt.map(({ image }) =>
    image.endsWith('*')
      ? `image.startsWith(${celString(image.slice(0, -1))})`
      : `image == ${celString(image)}`,
  );
  return ['image in variables.verified', ...tests].join(' || ');
}

function imagesExpression(): string {
  const lists = ['initContainers', 'ephemeralContainers'].map(
    (list) =>
      `(has(variables.podSpec.${list}) ? variables.podSpec.${list}.map(c, has(c.image) ? c.image : "") : [])`,
  );
  const volumes =
    '(has(variables.podSpec.volumes) ? variables.podSpec.volumes.filter(v, has(v.image)).map(v, has(v.image.reference) ? v.image.reference : "") : [])';
  return [
    'variables.podSpec.containers.map(c, has(c.image) ? c.image : "")',
    ...lists,
    volumes,
  ].join(' + ');
}

const API = 'admissionregistration.k8s.io/v1';

function policyOf(shape: Shape, args: DigestPolicyArgs): Manifest {
  const { name, images, exempt = [] } = args;
  const reasons = exempt.map(({ image, reason }) => `${image}: ${reason}`).join('\n');
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
      // Whoever cannot be judged is not admitted.
      failurePolicy: 'Fail',
      matchConstraints: { matchPolicy: 'Equivalent', resourceRules: shape.rules },
      variables: [
        { name: 'verified', expression: celStrings([...new Set(images)].sort()) },
        { name: 'podSpec', expression: shape.podSpec },
        { name: 'images', expression: imagesExpression() },
        {
          name: 'refused',
          expression: `variables.images.filter(image, !(${exemptExpression(exempt)}))`,
        },
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
 * Policies of the API server itself, no webhook: only these very references are admitted, in
 * containers, init and ephemeral containers and image volumes, of pods and of all that makes pods.
 * https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/ (v1: Kubernetes 1.30)
 *
 * @throws InvalidInputError with all that is wrong
 */
export function digestPolicy(args: DigestPolicyArgs): readonly Manifest[] {
  const problems = digestPolicyProblems(args);
  if (problems.length > 0) throw new InvalidInputError(problems);
  return SHAPES.flatMap((shape) => {
    const policy = policyOf(shape, args);
    return [policy, bindingOf(policy, args)];
  });
}
