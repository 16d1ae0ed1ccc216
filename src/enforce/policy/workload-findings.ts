import type { Requirement } from '../program/requirement';
import type { CheckedResource } from '../program/resource-check';
import { resourceImages, UNKNOWN } from '../workload';

/** An image that a workload runs, and that no exemption covers. */
export interface WorkloadImage {
  /** `spec.template.spec.containers[0].image` */
  readonly path: string;
  /** The property of the resource that holds it: `spec`. */
  readonly property: string;
  readonly image: string;
}

export interface WorkloadFindings {
  readonly images: readonly WorkloadImage[];
  /** What is wrong before any image is looked at. */
  readonly problems: readonly string[];
}

const NOTHING: WorkloadFindings = { images: [], problems: [] };

/** What a policy has to look at in a resource; what a preview does not know yet is left out. */
export function workloadFindings(
  resource: CheckedResource,
  requirement: Requirement,
): WorkloadFindings {
  const { type, name } = resource;
  const exempt = requirement.exempt.filter((each) => each.matchesResource(type, name));
  if (exempt.some(({ image }) => image === undefined)) return NOTHING;
  const { images, problems: wrong } = resourceImages(resource, requirement.kinds);
  const found: WorkloadImage[] = [];
  const problems = [...wrong];
  for (const { path, value, optional } of images) {
    if (value === UNKNOWN || (value === undefined && optional)) continue;
    if (typeof value !== 'string') {
      problems.push(`${path} is missing: the image that it would run is not said`);
    } else if (!exempt.some((each) => each.matchesImage(value))) {
      found.push({ path, property: path.split(/[.[]/)[0] ?? '', image: value });
    }
  }
  return { images: found, problems };
}
