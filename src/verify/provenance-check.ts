import { isDeepStrictEqual } from 'node:util';

import { isJsonObject } from '../oci/strict-json';
import { type Failure, failure } from './failure';
import type { ProvenanceExpectation } from './policy';

function mismatch(reason: string): Failure {
  return failure('VERIFY_PROVENANCE_MISMATCH', reason);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}

function compare(what: string, expected: string | undefined, actual: unknown): Failure | undefined {
  if (expected === undefined || expected === actual) return undefined;
  return mismatch(`its ${what} is ${shown(actual)}, and ${shown(expected)} is expected`);
}

function commits(dependencies: unknown): readonly unknown[] {
  if (!Array.isArray(dependencies)) return [];
  return dependencies.flatMap((dependency: unknown) => {
    const digest = isJsonObject(dependency) ? dependency['digest'] : undefined;
    return isJsonObject(digest) && digest['gitCommit'] !== undefined ? [digest['gitCommit']] : [];
  });
}

function checkCommit(expected: string | undefined, dependencies: unknown): Failure | undefined {
  if (expected === undefined) return undefined;
  const found = commits(dependencies);
  if (found.includes(expected)) return undefined;
  const there = found.length > 0 ? shown(found.length === 1 ? found[0] : found) : 'not named';
  return mismatch(`its commit is ${there}, and ${shown(expected)} is expected`);
}

function checkParameters(
  expected: Readonly<Record<string, unknown>>,
  actual: Readonly<Record<string, unknown>>,
): Failure | undefined {
  const wrong = Object.keys(expected).find(
    (name) => !Object.hasOwn(actual, name) || !isDeepStrictEqual(actual[name], expected[name]),
  );
  if (wrong === undefined) return undefined;
  return mismatch(
    `its external parameter ${shown(wrong)} is ${shown(Object.hasOwn(actual, wrong) ? actual[wrong] : undefined)}, and ${shown(expected[wrong])} is expected`,
  );
}

/**
 * Whether a SLSA v1 predicate has what every one must have, and says what is expected.
 *
 * https://slsa.dev/spec/v1.1/provenance
 */
export function checkProvenance(
  predicate: unknown,
  expected: ProvenanceExpectation,
): Failure | undefined {
  const definition = isJsonObject(predicate) ? predicate['buildDefinition'] : undefined;
  const details = isJsonObject(predicate) ? predicate['runDetails'] : undefined;
  if (!isJsonObject(definition) || !isJsonObject(details)) {
    return mismatch('it lacks buildDefinition or runDetails');
  }
  const { buildType, externalParameters, resolvedDependencies } = definition;
  const { builder } = details;
  const builderId = isJsonObject(builder) ? builder['id'] : undefined;
  if (typeof buildType !== 'string' || typeof builderId !== 'string') {
    return mismatch('it names no buildType or no builder');
  }
  const parameters = externalParameters ?? {};
  if (!isJsonObject(parameters)) return mismatch('its externalParameters are no object');
  return (
    compare('builder', expected.builderId, builderId) ??
    compare('buildType', expected.buildType, buildType) ??
    checkCommit(expected.commit, resolvedDependencies) ??
    checkParameters(expected.externalParameters ?? {}, parameters)
  );
}
