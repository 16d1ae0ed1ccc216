import { SignedImageError } from '../../error';
import { resourceImages, type TypedProperties, UNKNOWN } from '../workload';
import { evaluateImage } from './image-rule';
import type { Requirement } from './requirement';

/** A resource that is about to be registered, created or updated. */
export interface CheckedResource extends TypedProperties {
  readonly name: string;
}

/** An image that an exemption let through. */
export interface ExemptImage {
  readonly image: string;
  readonly path: string;
  readonly reason: string;
}

function describe({ type, name }: CheckedResource, problems: readonly string[]): string {
  return `${type} "${name}" may not run: ${problems.join('; ')}`;
}

/**
 * Checks every image that a resource runs.
 *
 * @returns what exemptions let through
 * @throws SignedImageError `IMAGE_NOT_VERIFIED`, which names the resource, each path and each image
 */
export function checkResource(
  resource: CheckedResource,
  requirement: Requirement,
  verified: ReadonlySet<string>,
): readonly ExemptImage[] {
  const { type, name } = resource;
  const exempt = requirement.exempt.filter((each) => each.matchesResource(type, name));
  if (exempt.some(({ image }) => image === undefined)) return [];
  const { images, problems: found } = resourceImages(resource, requirement.kinds);
  const problems = [...found];
  const exempted: ExemptImage[] = [];
  for (const { path, value, optional } of images) {
    if (value === UNKNOWN || (value === undefined && optional)) continue;
    if (typeof value !== 'string') {
      problems.push(`${path} is missing: the image that it would run is not said`);
      continue;
    }
    const verdict = evaluateImage(value, { verified, allowed: requirement.allowed }, exempt);
    if (!verdict.allowed) problems.push(`${path} ${JSON.stringify(value)} ${verdict.why}`);
    else if (verdict.exemptBy) {
      exempted.push({ image: value, path, reason: verdict.exemptBy.reason });
    }
  }
  if (problems.length > 0) throw refusal(resource, problems);
  return exempted;
}

function refusal(resource: CheckedResource, problems: readonly string[]): SignedImageError {
  return new SignedImageError({
    code: 'IMAGE_NOT_VERIFIED',
    message: describe(resource, problems),
  });
}
