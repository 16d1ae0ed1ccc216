import { isUri } from '../source/uri';
import { isJsonObject } from '../oci/strict-json';
import {
  CYCLONEDX_PREDICATE_TYPE,
  LINK_PREDICATE_TYPE,
  OPENVEX_PREDICATE_TYPE,
  PROVENANCE_V02_PREDICATE_TYPE,
  SPDX_PREDICATE_TYPE,
  VULN_PREDICATE_TYPE,
} from './predicate-type';
import { PROVENANCE_PREDICATE_TYPE } from './statement';

/** Returns what is wrong with a value; `undefined` if nothing is. */
type Check = (value: unknown) => string | undefined;

/** A member of the predicate: its path, whether it is required, and the check of its value. */
interface Member {
  readonly path: readonly string[];
  readonly optional?: boolean;
  readonly check: Check;
}

const text: Check = (value) =>
  typeof value === 'string' && value !== '' ? undefined : 'must be a non-empty string';
const object: Check = (value) => (isJsonObject(value) ? undefined : 'must be an object');
const list: Check = (value) => (Array.isArray(value) ? undefined : 'must be a list');
const texts: Check = (value) =>
  Array.isArray(value) && value.every((each) => typeof each === 'string')
    ? undefined
    : 'must be a list of strings';
const present: Check = (value) => (value === null ? 'must not be null' : undefined);
const uri: Check = (value) =>
  typeof value === 'string' && isUri(value) ? undefined : 'must be a URI';
/** As in RFC 3339, with the capitals that parsers in Go require. */
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;
const time: Check = (value) =>
  typeof value === 'string' && RFC_3339.test(value) && !Number.isNaN(Date.parse(value))
    ? undefined
    : 'must be an RFC 3339 time, for example 2027-01-31T00:00:00Z';
const exactly =
  (expected: string): Check =>
  (value) =>
    value === expected ? undefined : `must be ${JSON.stringify(expected)}`;
const startingWith =
  (prefix: string): Check =>
  (value) =>
    typeof value === 'string' && value.startsWith(prefix)
      ? undefined
      : `must start with ${JSON.stringify(prefix)}`;

const required = (path: string, check: Check): Member => ({ path: path.split('.'), check });
const optional = (path: string, check: Check): Member => ({
  path: path.split('.'),
  check,
  optional: true,
});

const SPDX_3_CONTEXT = 'https://spdx.org/rdf/3';

/** SPDX 3 is JSON-LD, and earlier versions are not. */
function spdxMembers(predicate: Readonly<Record<string, unknown>>): readonly Member[] {
  return predicate['@context'] === undefined
    ? [required('spdxVersion', startingWith('SPDX-')), required('SPDXID', text)]
    : [required('@context', startingWith(SPDX_3_CONTEXT)), required('@graph', list)];
}

/** The members that the specification of each predicate type requires, and that verifiers parse. */
const SHAPES: Readonly<Record<string, readonly Member[] | typeof spdxMembers>> = {
  [PROVENANCE_PREDICATE_TYPE]: [
    required('buildDefinition.buildType', uri),
    required('buildDefinition.externalParameters', object),
    optional('buildDefinition.internalParameters', object),
    optional('buildDefinition.resolvedDependencies', list),
    required('runDetails.builder.id', uri),
    optional('runDetails.metadata.startedOn', time),
    optional('runDetails.metadata.finishedOn', time),
  ],
  [PROVENANCE_V02_PREDICATE_TYPE]: [
    required('builder.id', uri),
    required('buildType', uri),
    optional('invocation', object),
    optional('metadata.buildStartedOn', time),
    optional('metadata.buildFinishedOn', time),
    optional('materials', list),
  ],
  [SPDX_PREDICATE_TYPE]: spdxMembers,
  [CYCLONEDX_PREDICATE_TYPE]: [
    required('bomFormat', exactly('CycloneDX')),
    required('specVersion', text),
  ],
  [VULN_PREDICATE_TYPE]: [
    optional('invocation', object),
    required('scanner.result', present),
    optional('scanner.uri', text),
    optional('scanner.version', text),
    optional('scanner.db', object),
    required('metadata.scanStartedOn', time),
    required('metadata.scanFinishedOn', time),
  ],
  [OPENVEX_PREDICATE_TYPE]: [
    required('@context', startingWith(OPENVEX_PREDICATE_TYPE)),
    required('@id', text),
    required('author', text),
    required('timestamp', time),
    required('statements', list),
  ],
  [LINK_PREDICATE_TYPE]: [
    required('_type', exactly('link')),
    required('name', text),
    required('materials', object),
    required('products', object),
    required('byproducts', object),
    required('command', texts),
    required('environment', object),
  ],
};

function memberFault(
  predicate: Readonly<Record<string, unknown>>,
  { path, optional: mayBeAbsent = false, check }: Member,
): string | undefined {
  let value: unknown = predicate;
  for (const [index, name] of path.entries()) {
    if (!isJsonObject(value)) return `${path.slice(0, index).join('.')} must be an object`;
    if (!Object.hasOwn(value, name)) {
      return mayBeAbsent ? undefined : `${path.slice(0, index + 1).join('.')} is missing`;
    }
    value = value[name];
  }
  const fault = check(value);
  return fault === undefined ? undefined : `${path.join('.')} ${fault}`;
}

/** Returns everything in which a predicate differs from the shape that its type requires. */
export function predicateShapeFaults(
  predicateType: string,
  predicate: Readonly<Record<string, unknown>>,
): readonly string[] {
  if (!Object.hasOwn(SHAPES, predicateType)) return [];
  const shape = SHAPES[predicateType] ?? [];
  const members = typeof shape === 'function' ? shape(predicate) : shape;
  const faults = members.flatMap((member) => memberFault(predicate, member) ?? []);
  return [...new Set(faults)];
}
