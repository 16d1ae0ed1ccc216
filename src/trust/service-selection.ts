import { type Service, type ServiceConfiguration, ServiceSelector } from '@sigstore/protobuf-specs';

import { SignedImageError } from '../error';

/** One of the lists of a signing config. */
export interface ServiceList {
  /** Its member: `rekorTlogUrls`. */
  readonly name: string;
  readonly services: readonly Service[];
  /** How many to take; absent for the lists that one is taken from. */
  readonly configuration?: { readonly name: string; readonly value: ServiceConfiguration };
  /** Major API versions that we speak. */
  readonly versions: readonly number[];
}

function unusable(what: string): SignedImageError {
  return new SignedImageError({
    code: 'INPUT_INVALID',
    message: `the signing config cannot be followed: ${what}`,
  });
}

/** Both ends are part of the period; without a period a service is valid always. */
function isValidAt({ validFor }: Service, now: Date): boolean {
  const { start, end } = validFor ?? {};
  return (start === undefined || start <= now) && (end === undefined || now <= end);
}

function startOf({ validFor }: Service): number {
  return validFor?.start?.getTime() ?? Number.NEGATIVE_INFINITY;
}

/** The newest of each operator, newest first: two of one operator would count as one. */
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
 * Chooses services as the specification says: those that are valid now, of the highest API version
 * that we speak, the newest of each operator; of these as many as the selector asks for. Where it
 * leaves the choice to the client, the newest are taken, so that two runs ask the same ones.
 * https://github.com/sigstore/protobuf-specs/blob/v0.5.2/protos/sigstore_trustroot.proto
 *
 * @returns empty where the list is
 * @throws SignedImageError `INPUT_INVALID` where there are too few
 */
export function selectServices(
  { name, services, configuration, versions }: ServiceList,
  now: Date,
): readonly Service[] {
  if (services.length === 0) return [];
  const count = configuration ? countOf(configuration) : 1;
  const valid = services.filter((service) => isValidAt(service, now));
  if (valid.length === 0) throw unusable(`no service of ${name} is valid now`);
  const spoken = versions.filter((version) =>
    valid.some(({ majorApiVersion }) => majorApiVersion === version),
  );
  if (spoken.length === 0) {
    const known = versions.join(' and ');
    throw unusable(
      `no service of ${name} that is valid now has an API version known here (${known})`,
    );
  }
  const highest = Math.max(...spoken);
  const chosen = newestOfEach(valid.filter(({ majorApiVersion }) => majorApiVersion === highest));
  if (Number.isFinite(count) && chosen.length < count) {
    throw unusable(
      `${name} has ${chosen.length} operators with a service that is valid now and of API version ${highest}, and ${configuration?.name} asks for ${count}`,
    );
  }
  return chosen.slice(0, count);
}
