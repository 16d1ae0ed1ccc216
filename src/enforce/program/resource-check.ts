import { SignedImageError } from '../../error';
import { containerLists, type Properties, UNKNOWN, workloadImages } from '../workload';
import { judge } from './image-rule';
import type { Requirement } from './requirement';

/** A resource that is about to be registered, created or updated. */
export interface CheckedResource {
  readonly type: string;
  readonly name: string;
  /** Plain values; `UNKNOWN` for what is known at the update only. */
  readonly properties: Properties;
}

/** An image that an exemption let through. */
export interface ExemptImage {
  readonly image: string;
  readonly path: string;
  readonly reason: string;
}

const HELM_RELEASE = 'kubernetes:helm.sh/v3:Release';

/** What is wrong with a resource of a kind that nobody described: it seems to run images. */
export function unknownKind({ type, properties }: CheckedResource): readonly string[] {
  if (type === HELM_RELEASE) {
    return [
      `${type} renders its chart where no program sees the images; use kubernetes.helm.v4.Chart, or exempt this resource with a reason`,
    ];
  }
  return containerLists(properties).map(
    (path) =>
      `${path}: ${type} seems to run these images, and nobody said where its images are; add it to \`kinds\`, or exempt it with a reason`,
  );
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
  const { type, name, properties } = resource;
  const exempt = requirement.exempt.filter((each) => each.matchesResource(type, name));
  if (exempt.some(({ image }) => image === undefined)) return [];
  const kind = requirement.kinds.get(type);
  if (kind === undefined) {
    const problems = unknownKind(resource);
    if (problems.length > 0) throw refusal(resource, problems);
    return [];
  }
  const { images, empty } = workloadImages(kind, properties);
  const problems = empty.map((path) => `${path} has no container`);
  const exempted: ExemptImage[] = [];
  for (const { path, value, optional } of images) {
    if (value === UNKNOWN || (value === undefined && optional)) continue;
    if (typeof value !== 'string') {
      problems.push(`${path} is missing: the image that it would run is not said`);
      continue;
    }
    const verdict = judge(value, { verified, allowed: requirement.allowed }, exempt);
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
