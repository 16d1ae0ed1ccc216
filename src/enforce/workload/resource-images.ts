import { customKind } from './custom-kinds';
import type { Properties } from './field';
import { containerLists, type ImageField, workloadImages } from './image-fields';
import { looksLikeImage } from './image-key';
import { type ImageSearch, searchImages } from './image-search';
import { isCustomKind, kindFault } from './kind-token';
import type { WorkloadKind } from './workload-kinds';

/** A resource of any type. */
export interface TypedProperties {
  readonly type: string;
  /** Plain values; `UNKNOWN` for what is known at the update only. */
  readonly properties: Properties;
  /** Whether the values are those of the state, with what the cluster has added. Default: no. */
  readonly isFinished?: boolean;
}

export interface ResourceImages {
  readonly images: readonly ImageField[];
  /** What is wrong before any image is looked at. */
  readonly problems: readonly string[];
}

const HELM_RELEASE = 'kubernetes:helm.sh/v3:Release';

/** The names and notes of an object; nothing of it is run. */
const METADATA = 'metadata';
const STATUS = 'status';

const unreadProblems = ({ unread }: ImageSearch): readonly string[] =>
  unread.map(
    (path) =>
      `${path}: the resource is too large or too deep to look for images in it; say in \`kinds\` where they are, or exempt it with a reason`,
  );

/** The images of a kind that is declared, or that Kubernetes itself has. */
function ofKind(kind: WorkloadKind, properties: Properties): ResourceImages {
  const { images, empty } = workloadImages(kind, properties);
  return { images, problems: empty.map((path) => `${path} has no container`) };
}

/** What seems to be images in a resource of a kind that nobody described. */
function suspects({ type }: TypedProperties, search: ImageSearch, properties: Properties) {
  const lists = containerLists(properties);
  const single = isCustomKind(type)
    ? [...search.found, ...search.plain].filter(
        ({ path, value }) =>
          typeof value === 'string' &&
          looksLikeImage(value) &&
          !lists.some((list) => path.startsWith(`${list}[`)),
      )
    : [];
  const declare =
    'say in `kinds` where its images are (`images: []` with a `reason` if it runs none), or exempt it with a reason';
  return [
    ...lists.map(
      (path) =>
        `${path}: ${type} seems to run these images, and nobody said where its images are; ${declare}`,
    ),
    ...single.map(
      ({ path, value }) =>
        `${path} ${JSON.stringify(value)}: ${type} seems to run this image, and nobody said where its images are; ${declare}`,
    ),
    ...(isCustomKind(type) ? unreadProblems(search) : []),
  ];
}

/**
 * Every image that a resource runs, whatever its type. Of kinds that are neither Kubernetes' own, nor
 * declared, nor known, whatever may be an image is a problem.
 */
export function resourceImages(
  resource: TypedProperties,
  kinds: ReadonlyMap<string, WorkloadKind>,
): ResourceImages {
  const { type, properties, isFinished = false } = resource;
  const fault = kindFault(type, properties['apiVersion'], properties['kind']);
  if (fault !== undefined) return { images: [], problems: [fault] };
  const kind = kinds.get(type);
  if (kind !== undefined) return ofKind(kind, properties);
  if (type === HELM_RELEASE) {
    const problem = `${type} renders its chart where no program sees the images; use kubernetes.helm.v4.Chart, or exempt this resource with a reason`;
    return { images: [], problems: [problem] };
  }
  const custom = customKind(type);
  if (custom?.elsewhere !== undefined)
    return { images: [], problems: [`${type} ${custom.elsewhere}`] };
  // A controller writes the status; only what is sent to the cluster is judged by it.
  const without = isFinished ? [METADATA, STATUS] : [METADATA];
  const search = searchImages(properties, { ...custom, without });
  if (custom === undefined) return { images: [], problems: suspects(resource, search, properties) };
  return {
    images: search.found.map((field) => ({ ...field, optional: false })),
    problems: [
      ...unreadProblems(search),
      ...search.fetched.map(
        (path) =>
          `${path}: ${type} fetches what it runs in the cluster, where no program sees the images; write it out, or exempt this resource with a reason`,
      ),
    ],
  };
}
