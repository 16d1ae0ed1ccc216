import type { PolicyConfigSchema } from '@pulumi/policy';

import {
  type TrustedSigners,
  type TrustedSignersConfig,
  trustedSigners,
  trustedSignersProblems,
} from './trusted-signers';
import type { ExemptionArgs } from '../program/exemption';
import { type Requirement, requirementOf } from '../program/requirement';
import { type WorkloadKind, builtInKinds, isObject } from '../workload';
import { InvalidInputError, type Problem } from '../../error';

/** The members that a policy's configuration may have. */
export type Member =
  'exempt' | 'kinds' | 'allow' | 'commit' | 'trustedKeys' | 'identities' | 'trustedRoots';

export interface ImagePolicyConfig {
  readonly requirement: Requirement;
  /** The commit that is being deployed, as declared. */
  readonly commit?: string;
  /** `undefined`: the signer is not checked. */
  readonly signers?: TrustedSigners;
}

type Shape = 'text' | 'texts' | 'object';

const EXEMPTION: Readonly<Record<string, Shape>> = {
  image: 'text',
  resource: 'text',
  reason: 'text',
};
const KIND: Readonly<Record<string, Shape>> = {
  type: 'text',
  podSpec: 'text',
  images: 'texts',
  reason: 'text',
};

const IDENTITY: Readonly<Record<string, Shape>> = {
  identity: 'text',
  identityPattern: 'text',
  issuer: 'text',
  issuerPattern: 'text',
  claims: 'object',
  claimPatterns: 'object',
};

const invalid = (property: string, message: string): Problem => ({
  property,
  code: 'INPUT_INVALID',
  message,
});

const isText = (value: unknown): value is string => typeof value === 'string';

const SHAPES: Readonly<Record<Shape, string>> = {
  text: 'a text',
  texts: 'a list of texts',
  object: 'an object',
};

function matchesShape(value: unknown, shape: Shape): boolean {
  if (shape === 'object') return isObject(value);
  return shape === 'text' ? isText(value) : Array.isArray(value) && value.every(isText);
}

function memberProblems(
  value: unknown,
  members: Readonly<Record<string, Shape>>,
  property: string,
): readonly Problem[] {
  if (!isObject(value)) return [invalid(property, 'must be an object')];
  return Object.entries(value).flatMap(([name, given]) => {
    const shape = Object.hasOwn(members, name) ? members[name] : undefined;
    const at = `${property}.${name}`;
    if (shape === undefined) {
      return [invalid(at, `is not a member; expected one of ${Object.keys(members).join(', ')}`)];
    }
    return matchesShape(given, shape) ? [] : [invalid(at, `must be ${SHAPES[shape]}`)];
  });
}

const LISTS = ['exempt', 'kinds', 'allow', 'trustedKeys', 'identities', 'trustedRoots'] as const;
const TEXTS = ['allow', 'trustedKeys', 'trustedRoots'] as const;

/** Validates the shape of the configuration, which is JSON: a misspelled member could exempt nothing or everything. */
function shapeProblems(
  given: Readonly<Record<string, unknown>>,
  members: readonly Member[],
): readonly Problem[] {
  const items = (name: Member): readonly unknown[] =>
    Array.isArray(given[name]) ? (given[name] as readonly unknown[]) : [];
  const unknown = Object.keys(given)
    .filter((name) => !members.includes(name as Member))
    .map((name) =>
      invalid(name, `is not a member of this policy; expected one of ${members.join(', ')}`),
    );
  const lists = LISTS.filter(
    (name) => given[name] !== undefined && !Array.isArray(given[name]),
  ).map((name) => invalid(name, 'must be a list'));
  const { commit } = given;
  return [
    ...unknown,
    ...lists,
    ...items('exempt').flatMap((each, at) => memberProblems(each, EXEMPTION, `exempt[${at}]`)),
    ...items('kinds').flatMap((each, at) => memberProblems(each, KIND, `kinds[${at}]`)),
    ...items('identities').flatMap((each, at) =>
      memberProblems(each, IDENTITY, `identities[${at}]`),
    ),
    ...TEXTS.flatMap((name) =>
      items(name).flatMap((each, at) =>
        isText(each) ? [] : [invalid(`${name}[${at}]`, 'must be a text')],
      ),
    ),
    ...(commit === undefined || isText(commit) ? [] : [invalid('commit', 'must be a text')]),
  ];
}

/** API groups of Kubernetes itself, in which all kinds that run images are known. */
const OWN_GROUP = /^kubernetes:(?:core|apps|batch|extensions)\//;

function unknownKinds(exempt: readonly ExemptionArgs[]): readonly Problem[] {
  return exempt.flatMap(({ resource = '' }, at) => {
    const [type = '', name] = resource.split('::');
    const misses =
      name !== undefined &&
      !type.includes('*') &&
      OWN_GROUP.test(type) &&
      !builtInKinds().has(type);
    return misses
      ? [
          invalid(
            `exempt[${at}].resource`,
            `${type} is not a kind that runs images; check the spelling`,
          ),
        ]
      : [];
  });
}

/** Rejects exemptions that together admit every workload, although none of them does alone. */
function admitsAll({ exempt, kinds }: Requirement): readonly Problem[] {
  const withoutImage = exempt.filter(({ image }) => image === undefined);
  // No resource has this name: a pattern that matches it matches every name.
  const anyName = '\u0000';
  const all = [...kinds.keys()].every((type) =>
    withoutImage.some((each) => each.matchesResource(type, anyName)),
  );
  return all
    ? [invalid('exempt', 'these exemptions admit every workload; disable the policy instead')]
    : [];
}

/**
 * Parses and validates the configuration of a policy.
 *
 * @throws InvalidInputError with all problems
 */
export function readPolicyConfig(given: object, members: readonly Member[]): ImagePolicyConfig {
  const declared = given as Readonly<Record<string, unknown>>;
  const problems = shapeProblems(declared, members);
  if (problems.length > 0) throw new InvalidInputError(problems);
  const { exempt, kinds, allow, commit, ...signers } = declared as TrustedSignersConfig & {
    readonly exempt?: readonly ExemptionArgs[];
    readonly kinds?: readonly WorkloadKind[];
    readonly allow?: readonly string[];
    readonly commit?: string;
  };
  const requirement = requirementOf({
    ...(exempt && { exempt }),
    ...(kinds && { kinds }),
    ...(allow && { allow }),
  });
  const further = [
    ...unknownKinds(exempt ?? []),
    ...admitsAll(requirement),
    ...trustedSignersProblems(signers),
  ];
  if (further.length > 0) throw new InvalidInputError(further);
  const trusted = trustedSigners(signers);
  return {
    requirement,
    ...(commit !== undefined && { commit }),
    ...(trusted && { signers: trusted }),
  };
}

const MEMBERS: Readonly<Record<Member, readonly [type: 'array' | 'string', description: string]>> =
  {
    exempt: [
      'array',
      'Exemptions: objects with `image` (a pattern), `resource` (a name or `type::name`, a pattern) or both, and the `reason`.',
    ],
    kinds: [
      'array',
      'Additional kinds that run images: objects with `type` and `podSpec` (a path) or `images` (paths; empty only with a `reason`).',
    ],
    allow: ['array', 'References that were verified elsewhere: `host/repo@sha256:...`.'],
    trustedKeys: [
      'array',
      'Public keys in PEM. If set, images must be signed by one of the trusted signers.',
    ],
    identities: [
      'array',
      'Keyless signers: objects with `identity` or `identityPattern`, and `issuer` or `issuerPattern`; optionally `claims` and `claimPatterns`, objects. If set, images must be signed by one of the trusted signers.',
    ],
    trustedRoots: [
      'array',
      'JSON texts of the trusted roots of private Sigstore instances, whose identities are trusted too. Default: only the public-good instance.',
    ],
    commit: ['string', 'The commit that is being deployed. Default: the commit of the CI run.'],
  };

/**
 * Creates the configuration schema for the engine. It has only the types of the members: the policy
 * validates their content, and reports all problems in its own messages.
 */
export function configSchema(members: readonly Member[]): PolicyConfigSchema {
  const properties = members.map((member) => {
    const [type, description] = MEMBERS[member];
    return [member, { type, description }] as const;
  });
  return { properties: Object.fromEntries(properties) };
}
