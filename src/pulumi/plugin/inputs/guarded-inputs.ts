import { credentialsInCacheEntry, credentialsInUrls } from '../../../error/credentials-in-text';
import type { Problem } from '../../../error';
import { isSecretReference } from '../../../key/shown-reference';
import { formatPath, namesPath, type Step } from './input-path';
import { Nonsecret } from './nonsecret';
import { marksOnLeaves, secretStrings } from '../protocol/secret-marks';
import { type Properties, Secret, UNKNOWN, type Value } from '../protocol/wire-value';
import { type Members, type Nested, type Secrecy, membersOf } from '../../secrecy/input-table';
import { cleanRepositoryUrl } from '../../../source';

/** Inputs as a resource may read them. */
export interface GuardedInputs {
  readonly inputs: Properties;
  /** One for each value that is secret and would become public. */
  readonly problems: readonly Problem[];
  /** All secret texts that were found: no log and no error may repeat them. */
  readonly secrets: readonly string[];
}

/**
 * Marks what is secret by its nature, takes credentials out of repository addresses, and refuses
 * secrets where they would become public. What is refused reads as not known yet: nobody receives
 * it, and all else is still checked.
 */
export function guardInputs(members: Members, news: Properties): GuardedInputs {
  const wholes = new WeakSet<object>();
  const tree = marksOnLeaves(news, wholes) as Properties;
  const nonsecret = new Nonsecret(tree['nonsecret'], members);
  const problems: Problem[] = [...nonsecret.problems];
  const secrets: string[] = [];
  const secret = (plain: Value): Secret => {
    if (typeof plain === 'string') secrets.push(plain);
    return new Secret(plain);
  };
  const leaf: Leaf = (value, secrecy, steps) => {
    const marked = value instanceof Secret;
    const plain = cleaned(marked ? value.value : value, steps);
    if (plain === null) return plain;
    if (isSecretByNature(plain, secrecy)) return secret(plain);
    const credentials = credentialsIn(plain, steps);
    if (!marked && credentials.length === 0) return plain;
    const isNamed = namesPath(nonsecret.paths, steps);
    if (isNamed && secrecy !== 'argument') return plain;
    secrets.push(...credentials);
    if (isNamed || secrecy === 'kept' || secrecy === 'reference') return secret(plain);
    if (nonsecret.isKnown) problems.push(refusal(steps, secrecy, marked));
    secret(plain);
    return UNKNOWN;
  };
  const misnamed: Misnamed = (object, name, expected, steps) => {
    const isSecret = wholes.has(object);
    problems.push(
      isSecret
        ? unknownInput(steps, expected, 'has a member that is not an input')
        : unknownInput([...steps, name], expected, 'is not an input'),
    );
    if (!isSecret) return object[name] ?? null;
    secrets.push(...secretStrings(object[name] ?? null));
    return UNKNOWN;
  };
  const map: MapVisit = (object, secrecy, steps) => {
    const isSecret = wholes.has(object) && (secrecy === 'public' || secrecy === 'argument');
    const isNamed = (name: string): boolean => namesPath(nonsecret.paths, [...steps, name]);
    if (!isSecret || Object.keys(object).every(isNamed)) return object;
    if (nonsecret.isKnown) problems.push(refusal(steps, secrecy, true));
    // Its names are secret too, so no member is named, and nobody receives the map.
    secrets.push(...secretStrings(object));
    return UNKNOWN;
  };
  const inputs = eachLeaf(tree, { members }, { leaf, map, misnamed });
  return { inputs: inputs as Properties, problems, secrets };
}

/** Marks again what is secret by its nature: inputs that are about to be stored. */
export function markGuarded(members: Members, inputs: Properties): Properties {
  const leaf: Leaf = (value, secrecy) =>
    value !== null && isSecretByNature(value, secrecy) ? new Secret(value) : value;
  return eachLeaf(inputs, { members }, { leaf }) as Properties;
}

function isSecretByNature(value: Value, secrecy: Secrecy | undefined): boolean {
  if (value instanceof Secret) return false;
  if (secrecy === 'reference') return typeof value === 'string' && isSecretReference(value);
  return secrecy === 'guarded';
}

type InputSlot = Secrecy | Nested | { readonly members: Members } | undefined;
type Leaf = (value: Value, secrecy: Secrecy | undefined, steps: readonly Step[]) => Value;
/** What becomes of a map with names of the caller's own. */
type MapVisit = (
  object: Properties,
  secrecy: Secrecy | undefined,
  steps: readonly Step[],
) => Properties | typeof UNKNOWN;
/** What becomes of a member that the table does not have. */
type Misnamed = (
  object: Properties,
  name: string,
  expected: readonly string[],
  steps: readonly Step[],
) => Value;
interface Visitor {
  readonly leaf: Leaf;
  readonly map?: MapVisit;
  readonly misnamed?: Misnamed;
}

/** The tree with each leaf replaced; a member of an object that the table does not know is reported. */
function eachLeaf(
  value: Value,
  place: InputSlot,
  visitor: Visitor,
  steps: readonly Step[] = [],
): Value {
  if (Array.isArray(value)) {
    return value.map((member: Value, index) => eachLeaf(member, place, visitor, [...steps, index]));
  }
  const secrecy = typeof place === 'string' ? place : undefined;
  if (typeof value !== 'object' || value === null || value instanceof Secret) {
    return visitor.leaf(value, secrecy, steps);
  }
  const members =
    typeof place === 'object' && 'members' in place ? place.members : membersOf(place);
  const object = value as Properties;
  const visited = members ? object : (visitor.map?.(object, secrecy, steps) ?? object);
  if (visited === UNKNOWN) return visited;
  return Object.fromEntries(
    Object.entries(visited).map(([name, member]) => {
      // Members of a map (annotations, arguments, secrets) are treated as the map.
      if (!members) return [name, eachLeaf(member, place, visitor, [...steps, name])];
      const known = Object.hasOwn(members, name) ? members[name] : undefined;
      const isMisnamed = known === undefined && member !== null;
      const kept = isMisnamed
        ? (visitor.misnamed?.(object, name, Object.keys(members), steps) ?? member)
        : member;
      // What was refused already is not refused again under its name.
      return [
        name,
        isMisnamed && kept === UNKNOWN ? kept : eachLeaf(kept, known, visitor, [...steps, name]),
      ];
    }),
  );
}

/** Members that hold the address of a repository, and lose the credentials in it. */
const REPOSITORIES: ReadonlySet<string> = new Set([
  'source.repository',
  'facts.repository',
  'facts.headRepository',
]);

/** What cannot be cleaned is refused by the resource, and so is not stored. */
function cleaned(value: Value, steps: readonly Step[]): Value {
  const isRepository = typeof value === 'string' && REPOSITORIES.has(formatPath(steps));
  return isRepository ? (cleanRepositoryUrl(value) ?? value) : value;
}

function credentialsIn(value: Value, steps: readonly Step[]): readonly string[] {
  if (typeof value !== 'string') return [];
  const inCache = /^build\.cache(?:From|To)\b/.test(formatPath(steps));
  return [...credentialsInUrls(value), ...(inCache ? credentialsInCacheEntry(value) : [])];
}

function unknownInput(steps: readonly Step[], expected: readonly string[], what: string): Problem {
  return {
    property: formatPath(steps),
    code: 'INPUT_INVALID',
    message: `${what}; expected one of ${expected.join(', ')}`,
  };
}

function refusal(steps: readonly Step[], secrecy: Secrecy | undefined, marked: boolean): Problem {
  const property = formatPath(steps);
  const what = marked ? 'is marked as secret' : 'contains a credential';
  const [consequence, acceptance] = consequencesOf(property, secrecy, marked);
  return {
    property,
    code: 'INPUT_INVALID',
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
      'a build argument ends up in the history of the image: declare it in `build.secrets`',
      'to accept that everybody who can pull the image can read it',
    ];
  }
  const mayBePublic = 'if it may be public';
  if (/^build\.cache/.test(property)) {
    return [
      'would be on the command line of the builder: leave the credential out and give the builder ' +
        'its environment variable (`AWS_SECRET_ACCESS_KEY` for S3)',
      mayBePublic,
    ];
  }
  const remedy = marked
    ? 'remove the value, or its mark (`pulumi.unsecret()`)'
    : 'remove the credential';
  return [`would be published or stored in plain text: ${remedy}`, mayBePublic];
}
