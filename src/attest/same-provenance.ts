import { isDeepStrictEqual } from 'node:util';

import { isJsonObject } from '../oci/strict-json';

/**
 * The predicate without what differs between two tries of the same build: `runDetails.metadata`
 * (invocation, start, end) and `internalParameters.user`.
 */
function essence(predicate: unknown): unknown {
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

/** Round trip, so that members that are `undefined` count as absent, as they do on the wire. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null));
}

/**
 * Whether two provenance predicates say the same of an image: a stored one is then reused, instead
 * of a second signature with a later time.
 */
export function sameProvenance(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(plain(essence(a)), plain(essence(b)));
}
