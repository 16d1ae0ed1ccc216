import { isDeepStrictEqual } from 'node:util';

import { isJsonObject } from '../oci/strict-json';

/**
 * Returns the predicate without the members that differ between two runs of the same build:
 * `runDetails.metadata` (invocation, start, end) and `internalParameters.user`.
 */
function comparablePart(predicate: unknown): unknown {
  if (!isJsonObject(predicate)) return predicate;
  const { buildDefinition, runDetails } = predicate;
  if (!isJsonObject(buildDefinition) || !isJsonObject(runDetails)) return predicate;
  const { internalParameters } = buildDefinition;
  return {
    ...predicate,
    buildDefinition: {
      ...buildDefinition,
      ...(isJsonObject(internalParameters) && {
        internalParameters: { ...internalParameters, user: undefined },
      }),
    },
    runDetails: { ...runDetails, metadata: undefined },
  };
}

/** Round-trips through JSON, so that `undefined` members count as absent, as they do on the wire. */
export function toPlainJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null));
}

/**
 * Returns whether two provenance predicates are equivalent. A stored one is then reused instead of
 * adding a second signature with a later time.
 */
export function sameProvenance(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(toPlainJson(comparablePart(a)), toPlainJson(comparablePart(b)));
}
