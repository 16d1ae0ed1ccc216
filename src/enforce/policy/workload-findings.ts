import type { Requirement } from '../program/requirement';
import type { CheckedResource } from '../program/resource-check';
import { resourceImages, UNKNOWN } from '../workload';

/** An image that a workload runs and that is not exempt. */
export interface WorkloadImage {
  /** `spec.template.spec.containers[0].image` */
  readonly path: string;
  /** The property of the resource that contains it: `spec`. */
  readonly property: string;
  readonly image: string;
}

export interface WorkloadFindings {
  readonly images: readonly WorkloadImage[];
  /** Problems that are independent of the images. */
  readonly problems: readonly string[];
}

const NOTHING: WorkloadFindings = { images: [], problems: [] };

/** Returns the images of a resource that a policy must check, without images that are not known yet. */
export function workloadFindings(
  resource: CheckedResource,
  requirement: Requirement,
): WorkloadFindings {
  const { type, name } = resource;
  const exempt = requirement.exempt.filter((each) => each.matchesResource(type, name));
  if (exempt.some(({ image }) => image === undefined)) return NOTHING;
  const { images, problems: resourceProblems } = resourceImages(resource, requirement.kinds);
  const found: WorkloadImage[] = [];
  const problems = [...resourceProblems];
  for (const { path, value, optional } of images) {
    if (value === UNKNOWN || (value === undefined && optional)) continue;
    if (typeof value !== 'string') {
      problems.push(`${path} is missing: the image is required`);
    } else if (!exempt.some((each) => each.matchesImage(value))) {
      found.push({ path, property: path.split(/[.[]/)[0] ?? '', image: value });
    }
  }
  return { images: found, problems };
}
