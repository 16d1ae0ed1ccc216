import type { ProvenancePredicate } from '../attest';
import { parseBoundedJson } from '../http/json-bounds';
import type { ProvenanceExpectation } from '../verify';

/** What a verification must find, to find just what was signed: all but the times of the run. */
export function expectationOf(provenance: string): ProvenanceExpectation {
  const { buildDefinition, runDetails } = parseBoundedJson(provenance) as ProvenancePredicate;
  const commit = buildDefinition.resolvedDependencies?.find(({ digest }) => digest?.['gitCommit'])
    ?.digest?.['gitCommit'];
  return {
    builderId: runDetails.builder.id,
    buildType: buildDefinition.buildType,
    externalParameters: buildDefinition.externalParameters,
    ...(commit !== undefined && { commit }),
  };
}
