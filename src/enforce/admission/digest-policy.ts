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
import { mountedExpression, runExpression } from './pod-images';
import { areTooMany, isVerified, verifiedVariables } from './verified-list';

/** Images that the cluster admits although nobody verified them. */
export interface AdmissionExemption {
  /**
   * `registry.k8s.io/pause:3.10`; everything below a path: `registry.k8s.io/*`; or a beginning and
   * `*`, which stands for any text without `/`: `docker.io/library/nginx:*`.
   */
  readonly image: string;
  /** Why: for whoever reads the policy. Needed. */
  readonly reason: string;
}

export interface DigestPolicyArgs {
  /** Beginning of the names of the objects: `<name>-pods`, and the like. */
  readonly name: string;
  /**
   * `host/repo@sha256:...` of all that may be started. What runs already may go on and be scaled down;
   * to start it again (a rollback, a pod that was evicted), the digest before belongs in it too.
   */
  readonly images: readonly string[];
  readonly exempt?: readonly AdmissionExemption[];
  /** Namespaces that the policy holds for; `*` for all. Default: all but `kube-system`. */
  readonly namespaces?: readonly string[];
  /** `Deny`, `Warn` or `Audit`. Default: `Deny`. */
  readonly action?: string;
}

/** How objects of one shape are matched, and where in them their PodSpec is. */
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
 *
 * The other subresources that are written carry no image (`scale`, `eviction`, `binding`, `status`), or
 * the API server itself lets them change none (`pods/resize`).
 */
const SHAPES: readonly Shape[] = [
  // The ephemeral containers of a running pod come by its subresource.
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
    report('reason', 'is needed: say why this may run without having been verified');
  }
  const fault = exemptImageFault(image);
  const star = fault === undefined ? image.indexOf('*') : -1;
  if (fault !== undefined) report('image', fault);
  else if (star >= 0 && star < image.length - 1) {
    report('image', 'must be an image, or a beginning and `*` at its end: "registry.k8s.io/*"');
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
        'must be host/repo@sha256:...: a tag can be moved to another image',
      );
    }
  });
  if (areTooMany(images)) {
    report(
      'images',
      `holds ${images.length} references, which no object of the API server can; write a policy for each group of \`namespaces\``,
    );
  }
  problems.push(...namespaceProblems(args.namespaces));
  if (!ACTIONS.includes(action)) report('action', `must be one of ${ACTIONS.join(', ')}`);
  return [
    ...problems,
    ...exempt.flatMap((each, index) => exemptionProblems(each, `exempt[${index}]`)),
  ];
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

/** Of the object before an update; nothing of one that is created. */
const before = (expression: string): string => `oldObject == null ? [] : (${expression})`;

function refusedExpression(exempt: readonly AdmissionExemption[], lists: number): string {
  const admitted = admittedExpression(exempt, lists);
  // What was there before comes first: it costs the API server least.
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
      // Whoever cannot be judged is not admitted.
      failurePolicy: 'Fail',
      matchConstraints: { matchPolicy: 'Equivalent', resourceRules: shape.rules },
      variables: [
        ...verified,
        { name: 'podSpec', expression: `object.${shape.podSpec}` },
        // Controllers update what holds an image that is not admitted any more: to scale it down, to
        // take its finalizers off, to end it. What is mounted may not be run for that.
        { name: 'ran', expression: before(runExpression(`oldObject.${shape.podSpec}`)) },
        { name: 'mounted', expression: before(mountedExpression(`oldObject.${shape.podSpec}`)) },
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
 * Policies of the API server itself, no webhook: only these repositories at these digests are admitted
 * (with or without a tag, and by any name of Docker Hub), in containers, init and ephemeral containers and image volumes, of pods and of all that makes pods. An
 * update may keep what the object held before, and bring nothing else in.
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
