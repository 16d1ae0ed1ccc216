import { InvalidInputError, type Problem } from '../../error';
import { type MembersOf, misspeltMembers } from '../admission/policy-members';
import { builtInKinds, type WorkloadKind } from '../workload';
import { type Exemption, type ExemptionArgs, exemptionOf, exemptionProblems } from './exemption';
import { pinnedName } from './image-rule';

/** The requirement for the images of a program's workloads. */
export interface VerifiedImagesArgs {
  /**
   * References that were verified elsewhere, `host/repo@sha256:...`, for example the `imageRef` of
   * another stack. Default: none.
   */
  readonly allow?: readonly string[];
  /** Exemptions from verification, with reasons. Default: none. */
  readonly exempt?: readonly ExemptionArgs[];
  /** Additional kinds that run images: custom resources, and resources of other providers. */
  readonly kinds?: readonly WorkloadKind[];
}

export interface Requirement {
  readonly allowed: ReadonlySet<string>;
  readonly exempt: readonly Exemption[];
  readonly kinds: ReadonlyMap<string, WorkloadKind>;
}

const MEMBERS: MembersOf<VerifiedImagesArgs> = {
  allow: 'any',
  exempt: { image: 'any', resource: 'any', reason: 'any' },
  kinds: {
    type: 'any',
    podSpec: 'any',
    images: 'any',
    reason: 'any',
    partial: 'any',
  },
};

const TYPE = /^[A-Za-z][\w-]*:[\w./-]+:\w+$/;
const PATH = /^(?:\*|[\w-]+)(?:\.(?:\*|[\w-]+))*$/;

function kindProblems(kind: WorkloadKind, property: string): Problem[] {
  const { type, podSpec, images, reason } = kind;
  const problems: Problem[] = [];
  const report = (member: string, message: string): void => {
    problems.push({ property: `${property}.${member}`, code: 'INPUT_INVALID', message });
  };
  if (!TYPE.test(type)) {
    report('type', 'must be a type token, as in "kubernetes:argoproj.io/v1alpha1:Rollout"');
  } else if (builtInKinds().has(type)) {
    report('type', `${type} is built in; leave it out`);
  }
  if (podSpec === undefined && images === undefined) {
    report('podSpec', 'a kind requires `podSpec` or `images`, the paths of its images');
  }
  const isEmpty = podSpec === undefined && images?.length === 0;
  if (isEmpty && (typeof reason !== 'string' || reason.trim() === '')) {
    report('reason', 'is required if `images` is empty: explain why this kind runs no images');
  }
  const path = (member: string, text: string): void => {
    if (!PATH.test(text)) {
      report(
        member,
        `${JSON.stringify(text)} is not a path: write names separated by dots, and \`*\` for each member of a list, as in "spec.tasks.*.image"`,
      );
    }
  };
  if (podSpec !== undefined) path('podSpec', podSpec);
  images?.forEach((text, at) => path(`images[${at}]`, text));
  return problems;
}

function allowProblems(reference: string, property: string): readonly Problem[] {
  if (pinnedName(reference) !== undefined) return [];
  const message =
    'must be host/repo@sha256:...: a tag may be moved to an image that was not verified';
  return [{ property, code: 'REFERENCE_INVALID', message }];
}

/**
 * Parses and validates a requirement.
 *
 * @throws InvalidInputError with all problems
 */
export function requirementOf(args: VerifiedImagesArgs): Requirement {
  const { allow = [], exempt = [], kinds = [] } = args;
  const { problems: misspelt, isMeant } = misspeltMembers(args, MEMBERS);
  const invalid = [
    ...allow.flatMap((reference, index) => allowProblems(reference, `allow[${index}]`)),
    ...exempt.flatMap((each, index) => exemptionProblems(each, `exempt[${index}]`)),
    ...kinds.flatMap((kind, index) => kindProblems(kind, `kinds[${index}]`)),
  ];
  const problems = [...misspelt, ...invalid.filter(({ property }) => !isMeant(property))];
  if (problems.length > 0) throw new InvalidInputError(problems);
  return {
    allowed: new Set(allow),
    exempt: exempt.map(exemptionOf),
    kinds: new Map([...builtInKinds(), ...kinds.map((kind) => [kind.type, kind] as const)]),
  };
}
