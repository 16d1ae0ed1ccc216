import { isDeepStrictEqual } from 'node:util';

import { isJsonObject } from '../oci/strict-json';
import { type Failure, failure } from './failure';
import type { ProvenanceExpectation } from './policy';

function mismatch(reason: string): Failure {
  return failure('VERIFY_PROVENANCE_MISMATCH', reason);
}

function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}

function compare(name: string, expected: string | undefined, actual: unknown): Failure | undefined {
  if (expected === undefined || expected === actual) return undefined;
  return mismatch(`its ${name} is ${quote(actual)}, but ${quote(expected)} is expected`);
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
  const actual = found.length > 0 ? quote(found.length === 1 ? found[0] : found) : 'missing';
  return mismatch(`its commit is ${actual}, but ${quote(expected)} is expected`);
}

function checkParameters(
  expected: Readonly<Record<string, unknown>>,
  actual: Readonly<Record<string, unknown>>,
): Failure | undefined {
  const name = Object.keys(expected).find(
    (each) => !Object.hasOwn(actual, each) || !isDeepStrictEqual(actual[each], expected[each]),
  );
  if (name === undefined) return undefined;
  return mismatch(
    `its external parameter ${quote(name)} is ${quote(Object.hasOwn(actual, name) ? actual[name] : undefined)}, but ${quote(expected[name])} is expected`,
  );
}

/**
 * Checks that a SLSA v1 predicate has the required fields and the expected content.
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
    return mismatch('it lacks buildType or builder.id');
  }
  const parameters = externalParameters ?? {};
  if (!isJsonObject(parameters)) return mismatch('its externalParameters are not an object');
  return (
    compare('builder', expected.builderId, builderId) ??
    compare('buildType', expected.buildType, buildType) ??
    checkCommit(expected.commit, resolvedDependencies) ??
    checkParameters(expected.externalParameters ?? {}, parameters)
  );
}
