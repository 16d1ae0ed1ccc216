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
  /** `undefined`: it is not asked who signed. */
  readonly signers?: TrustedSigners;
}

type Shape = 'text' | 'texts';

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
};

const invalid = (property: string, message: string): Problem => ({
  property,
  code: 'INPUT_INVALID',
  message,
});

const isText = (value: unknown): value is string => typeof value === 'string';

function fits(value: unknown, shape: Shape): boolean {
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
    return fits(given, shape)
      ? []
      : [invalid(at, shape === 'text' ? 'must be a text' : 'must be a list of texts')];
  });
}

const LISTS = ['exempt', 'kinds', 'allow', 'trustedKeys', 'identities', 'trustedRoots'] as const;
const TEXTS = ['allow', 'trustedKeys', 'trustedRoots'] as const;

/** Configuration is JSON that somebody wrote: a member that is misspelt would exempt nothing, or all. */
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

/** Groups of Kubernetes itself, whose kinds that run images are all known. */
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
            `${type} is not a kind that runs images; check its spelling`,
          ),
        ]
      : [];
  });
}

/** Exemptions may let everything through together though none of them does alone. */
function admitsAll({ exempt, kinds }: Requirement): readonly Problem[] {
  const whole = exempt.filter(({ image }) => image === undefined);
  // No resource has this name: what matches it matches every name.
  const anyName = '\u0000';
  const all = [...kinds.keys()].every((type) =>
    whole.some((each) => each.matchesResource(type, anyName)),
  );
  return all
    ? [invalid('exempt', 'these exemptions admit every workload; disable the policy instead')]
    : [];
}

/**
 * Reads the configuration of a policy.
 *
 * @throws InvalidInputError with all that is wrong with it
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
      'What may run all the same: objects with `image` (a pattern), `resource` (a name or `type::name`, a pattern) or both, and the `reason`.',
    ],
    kinds: [
      'array',
      'Further kinds that run images: objects with `type` and `podSpec` (a path) or `images` (paths; none with a `reason`).',
    ],
    allow: ['array', 'References that were verified elsewhere: `host/repo@sha256:...`.'],
    trustedKeys: ['array', 'Public keys in PEM. With it, images must be signed by one of them.'],
    identities: [
      'array',
      'Keyless signers: objects with `identity` or `identityPattern`, and `issuer` or `issuerPattern`. With it, images must be signed by one of them.',
    ],
    trustedRoots: [
      'array',
      'JSON texts of the trusted roots of own Sigstore instances, whose identities count too. Default: none, only those of the public instance.',
    ],
    commit: ['string', 'The commit that is being deployed. Default: the one of the CI run.'],
  };

/**
 * What the engine is told of a policy's configuration. Only the types of the members: what is
 * inside is checked by the policy, which says all that is wrong, and in its own words.
 */
export function configSchema(members: readonly Member[]): PolicyConfigSchema {
  const properties = members.map((member) => {
    const [type, description] = MEMBERS[member];
    return [member, { type, description }] as const;
  });
  return { properties: Object.fromEntries(properties) };
}
