import { credentialsInCacheEntry, credentialsInUrls } from '../../../error/credentials-in-text';
import type { Problem } from '../../../error';
import { nearestName, unknownName } from '../../../error/unknown-name';
import { isSecretReference } from '../../../key/shown-reference';
import { type Step, formatPath, includesPath } from './input-path';
import { Nonsecret } from './nonsecret';
import { markLeaves, secretStrings } from '../protocol/secret-marks';
import { type Properties, Secret, UNKNOWN, type Value } from '../protocol/wire-value';
import { type Members, type Nested, type Secrecy, membersOf } from '../../secrecy/input-table';
import { UNKNOWN_MEMBERS } from '../../secrecy/unknown-members';
import { cleanRepositoryUrl } from '../../../source';

/** Inputs that a resource may read. */
export interface GuardedInputs {
  readonly inputs: Properties;
  /** One problem for each secret value that would become public. */
  readonly problems: readonly Problem[];
  /** All secret texts in the inputs, to be redacted in logs and errors. */
  readonly secrets: readonly string[];
}

/**
 * Marks inherently secret values, removes credentials from repository URLs, and rejects secrets that
 * would become public. A rejected value is replaced by `UNKNOWN`: it is not passed on, and all other
 * inputs are still validated.
 */
export function guardInputs(members: Members, news: Properties): GuardedInputs {
  const secretObjects = new WeakSet<object>();
  const tree = markLeaves(news, secretObjects) as Properties;
  const nonsecret = new Nonsecret(tree['nonsecret'], members);
  const problems: Problem[] = [...nonsecret.problems];
  const secrets: string[] = [];
  const secret = (plain: Value): Secret => {
    if (typeof plain === 'string') secrets.push(plain);
    return new Secret(plain);
  };
  const leaf: LeafVisit = (value, secrecy, steps) => {
    const marked = value instanceof Secret;
    const plain = withoutCredentials(marked ? value.value : value, steps);
    if (plain === null) return plain;
    if (isSecretByNature(plain, secrecy)) return secret(plain);
    const credentials = credentialsIn(plain, steps);
    if (!marked && credentials.length === 0) return plain;
    const isNamed = includesPath(nonsecret.paths, steps);
    if (isNamed && secrecy !== 'argument') return plain;
    secrets.push(...credentials);
    if (isNamed || secrecy === 'kept' || secrecy === 'reference') return secret(plain);
    if (nonsecret.isKnown) problems.push(refusal(steps, secrecy, marked, members));
    secret(plain);
    return UNKNOWN;
  };
  const unknownMember: UnknownMemberVisit = (object, name, expected, steps) => {
    const value = object[name] ?? null;
    secrets.push(...secretStrings(value));
    // The value could be a secret whose name is misspelt: it is not passed on.
    const dropped: readonly [string, Value] = [name, UNKNOWN];
    // An output whose members are not known yet cannot have unknown ones that could be reported.
    if (name === UNKNOWN_MEMBERS && value === UNKNOWN) return [dropped];
    const names = name === UNKNOWN_MEMBERS && Array.isArray(value) ? value : [name];
    const meant = names.flatMap((each): readonly (readonly [string, Value])[] => {
      const isSecret = secretObjects.has(object) || each instanceof Secret;
      problems.push(unknownInput(steps, isSecret ? undefined : String(each), expected));
      const nearest = isSecret ? undefined : nearestName(String(each), expected);
      // The suggested member is declared, but its value is not known: a check that needs it would report the
      // misspelling a second time.
      const isMisspelt = nearest !== undefined && (object[nearest] ?? null) === null;
      return isMisspelt ? [[nearest, UNKNOWN]] : [];
    });
    return [dropped, ...meant];
  };
  const map: MapVisit = (object, secrecy, steps) => {
    const isSecret = secretObjects.has(object) && (secrecy === 'public' || secrecy === 'argument');
    const isNamed = (name: string): boolean => includesPath(nonsecret.paths, [...steps, name]);
    if (!isSecret || Object.keys(object).every(isNamed)) return object;
    if (nonsecret.isKnown) problems.push(refusal(steps, secrecy, true, members));
    // The names in the map are secret too: no member is named, and the map is not passed on.
    secrets.push(...secretStrings(object));
    return UNKNOWN;
  };
  const inputs = mapLeaves(tree, { members }, { leaf, map, unknownMember });
  return { inputs: inputs as Properties, problems, secrets };
}

/** Marks inherently secret values again, in inputs that are about to be stored. */
export function markGuarded(members: Members, inputs: Properties): Properties {
  const leaf: LeafVisit = (value, secrecy) =>
    value !== null && isSecretByNature(value, secrecy) ? new Secret(value) : value;
  return mapLeaves(inputs, { members }, { leaf }) as Properties;
}

function isSecretByNature(value: Value, secrecy: Secrecy | undefined): boolean {
  if (value instanceof Secret) return false;
  if (secrecy === 'reference') return typeof value === 'string' && isSecretReference(value);
  return secrecy === 'guarded';
}

type InputSlot = Secrecy | Nested | { readonly members: Members } | undefined;
type LeafVisit = (value: Value, secrecy: Secrecy | undefined, steps: readonly Step[]) => Value;
/** Visits a map with names that the caller chose. */
type MapVisit = (
  object: Properties,
  secrecy: Secrecy | undefined,
  steps: readonly Step[],
) => Properties | typeof UNKNOWN;
/** Visits a member that is not in the table, and returns what takes its place; without it, such members are visited as leaves. */
type UnknownMemberVisit = (
  object: Properties,
  name: string,
  expected: readonly string[],
  steps: readonly Step[],
) => readonly (readonly [string, Value])[];
interface Visitor {
  readonly leaf: LeafVisit;
  readonly map?: MapVisit;
  readonly unknownMember?: UnknownMemberVisit;
}

/** Replaces each leaf of the tree; a member of an object that is not in the table is reported. */
function mapLeaves(
  value: Value,
  slot: InputSlot,
  visitor: Visitor,
  steps: readonly Step[] = [],
): Value {
  if (Array.isArray(value)) {
    return value.map((member: Value, index) => mapLeaves(member, slot, visitor, [...steps, index]));
  }
  const secrecy = typeof slot === 'string' ? slot : undefined;
  if (typeof value !== 'object' || value === null || value instanceof Secret) {
    return visitor.leaf(value, secrecy, steps);
  }
  const members = typeof slot === 'object' && 'members' in slot ? slot.members : membersOf(slot);
  const object = value as Properties;
  const visited = members ? object : (visitor.map?.(object, secrecy, steps) ?? object);
  if (visited === UNKNOWN) return visited;
  // Absent members first: one of them may be declared under a misspelt name.
  const isGiven = ([, member]: readonly [string, Value]): number => (member === null ? 0 : 1);
  return Object.fromEntries(
    Object.entries(visited)
      .sort((left, right) => isGiven(left) - isGiven(right))
      .flatMap(([name, member]): readonly (readonly [string, Value])[] => {
        // Members of a map (annotations, arguments, secrets) are treated as the map.
        if (!members) return [[name, mapLeaves(member, slot, visitor, [...steps, name])]];
        const memberSlot = Object.hasOwn(members, name) ? members[name] : undefined;
        if (memberSlot === undefined && visitor.unknownMember) {
          // An absent value under a misspelt name declares nothing.
          if (member === null) return [];
          return visitor.unknownMember(object, name, Object.keys(members), steps);
        }
        return [[name, mapLeaves(member, memberSlot, visitor, [...steps, name])]];
      }),
  );
}

/** Members with repository URLs, from which credentials are removed. */
const REPOSITORIES: ReadonlySet<string> = new Set([
  'source.repository',
  'facts.repository',
  'facts.headRepository',
]);

/** A URL that cannot be parsed is rejected by the resource, and so is not stored. */
function withoutCredentials(value: Value, steps: readonly Step[]): Value {
  const isRepository = typeof value === 'string' && REPOSITORIES.has(formatPath(steps));
  return isRepository ? (cleanRepositoryUrl(value) ?? value) : value;
}

function credentialsIn(value: Value, steps: readonly Step[]): readonly string[] {
  if (typeof value !== 'string') return [];
  const inCache = /^build\.cache(?:From|To)\b/.test(formatPath(steps));
  return [...credentialsInUrls(value), ...(inCache ? credentialsInCacheEntry(value) : [])];
}

/** @param name `undefined`: the object is secret, and so are the names of its members */
function unknownInput(
  steps: readonly Step[],
  name: string | undefined,
  expected: readonly string[],
): Problem {
  const code = 'INPUT_INVALID';
  if (name !== undefined)
    return { property: formatPath([...steps, name]), code, message: unknownName(name, expected) };
  const message = `has an unknown member; expected one of ${expected.join(', ')}`;
  return { property: formatPath(steps), code, message };
}

function refusal(
  steps: readonly Step[],
  secrecy: Secrecy | undefined,
  marked: boolean,
  members: Members,
): Problem {
  const property = formatPath(steps);
  const what = marked ? 'is marked as secret' : 'contains a credential';
  const [consequence, acceptance] = consequencesOf(property, secrecy, marked);
  const code = 'INPUT_INVALID';
  // A provider and a function have no such input.
  if (!Object.hasOwn(members, 'nonsecret')) {
    return { property, code, message: `${what}, and ${consequence}` };
  }
  return {
    property,
    code,
    message: `${what}, and ${consequence}; or list ${JSON.stringify(property)} in \`nonsecret\` ${acceptance}`,
  };
}

function consequencesOf(
  property: string,
  secrecy: Secrecy | undefined,
  marked: boolean,
): readonly [consequence: string, acceptance: string] {
  if (secrecy === 'argument') {
    return [
      'a build argument is stored in the image history: declare it in `build.secrets`',
      'to accept that everyone who can pull the image can read it',
    ];
  }
  const mayBePublic = 'if it may be public';
  if (/^build\.cache/.test(property)) {
    return [
      'would be on the command line of the builder: leave the credential out and pass it to the builder in ' +
        'an environment variable (`AWS_SECRET_ACCESS_KEY` for S3)',
      mayBePublic,
    ];
  }
  const remedy = marked
    ? 'remove the value, or its mark (`pulumi.unsecret()`)'
    : 'remove the credential';
  return [`would be published or stored in plain text: ${remedy}`, mayBePublic];
}
