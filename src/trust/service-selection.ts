import { type Service, type ServiceConfiguration, ServiceSelector } from '@sigstore/protobuf-specs';

import { SignedImageError } from '../error';

/** One of the lists of a signing config. */
export interface ServiceList {
  /** Its field: `rekorTlogUrls`. */
  readonly name: string;
  readonly services: readonly Service[];
  /** How many services to use; absent for lists of which one is used. */
  readonly configuration?: { readonly name: string; readonly value: ServiceConfiguration };
  /** Supported major API versions. */
  readonly versions: readonly number[];
}

function unusable(reason: string): SignedImageError {
  return new SignedImageError({
    code: 'INPUT_INVALID',
    message: `the signing config cannot be used: ${reason}`,
  });
}

/** Both ends are part of the period; a service without a period is always valid. */
function isValidAt({ validFor }: Service, now: Date): boolean {
  const { start, end } = validFor ?? {};
  return (start === undefined || start <= now) && (end === undefined || now <= end);
}

function startOf({ validFor }: Service): number {
  return validFor?.start?.getTime() ?? Number.NEGATIVE_INFINITY;
}

/** Returns the newest service of each operator, newest first: two of one operator count as one. */
function newestOfEach(services: readonly Service[]): readonly Service[] {
  const newestFirst = [...services].sort((a, b) => {
    const [first, second] = [startOf(a), startOf(b)];
    return first === second ? 0 : second - first;
  });
  const operators = new Set<string>();
  return newestFirst.filter(({ operator }) => {
    const isFirst = !operators.has(operator);
    operators.add(operator);
    return isFirst;
  });
}

function countOf({ name, value }: NonNullable<ServiceList['configuration']>): number {
  switch (value.selector) {
    case ServiceSelector.ALL:
      return Number.POSITIVE_INFINITY;
    case ServiceSelector.ANY:
      return 1;
    case ServiceSelector.EXACT:
      if (value.count > 0) return value.count;
      throw unusable(`${name}.count must be greater than 0 with the selector EXACT`);
    default:
      throw unusable(`${name}.selector must be one of ALL, ANY, EXACT`);
  }
}

/**
 * Selects services according to the specification: those that are valid now, of the highest
 * supported API version, the newest of each operator, and of these as many as the selector requires.
 * Where it leaves the choice to the client, the newest are used, so that two runs use the same ones.
 * https://github.com/sigstore/protobuf-specs/blob/v0.5.2/protos/sigstore_trustroot.proto
 *
 * @returns empty if the list is empty
 * @throws SignedImageError `INPUT_INVALID` if there are too few
 */
export function selectServices(
  { name, services, configuration, versions }: ServiceList,
  now: Date,
): readonly Service[] {
  if (services.length === 0) return [];
  const count = configuration ? countOf(configuration) : 1;
  const valid = services.filter((service) => isValidAt(service, now));
  if (valid.length === 0) throw unusable(`no service of ${name} is valid now`);
  const supported = versions.filter((version) =>
    valid.some(({ majorApiVersion }) => majorApiVersion === version),
  );
  if (supported.length === 0) {
    const expected = versions.join(' and ');
    throw unusable(
      `no service of ${name} that is valid now has a supported API version (${expected})`,
    );
  }
  const highest = Math.max(...supported);
  const selected = newestOfEach(valid.filter(({ majorApiVersion }) => majorApiVersion === highest));
  if (Number.isFinite(count) && selected.length < count) {
    throw unusable(
      `${name} has ${selected.length} operators with a service that is valid now and has API version ${highest}, but ${configuration?.name} requires ${count}`,
    );
  }
  return selected.slice(0, count);
}
