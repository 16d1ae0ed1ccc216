import { customKind } from './custom-kinds';
import type { Properties } from './field';
import { containerLists, type ImageField, workloadImages } from './image-fields';
import { mayBeImage } from './image-key';
import { type ImageSearch, searchImages } from './image-search';
import { isCustomKind, kindFault } from './kind-token';
import type { WorkloadKind } from './workload-kinds';

/** A resource of any type. */
export interface TypedProperties {
  readonly type: string;
  /** Plain values; `UNKNOWN` for values that are known only in the update. */
  readonly properties: Properties;
  /** Whether the values are outputs, including members that the cluster has added. Default: false. */
  readonly isFinished?: boolean;
}

export interface ResourceImages {
  readonly images: readonly ImageField[];
  /** Problems that are independent of the images. */
  readonly problems: readonly string[];
}

const HELM_RELEASE = 'kubernetes:helm.sh/v3:Release';

/** Names, labels and annotations of an object, which do not run. */
const METADATA = 'metadata';
const STATUS = 'status';

const unreadProblems = ({ unread }: ImageSearch): readonly string[] =>
  unread.map(
    (path) =>
      `${path}: the resource is too large or too deeply nested to search for images; list their paths in \`kinds\`, or exempt the resource with a reason`,
  );

/** Returns the images of a declared or built-in kind. */
function ofKind(kind: WorkloadKind, properties: Properties): ResourceImages {
  const { images, empty } = workloadImages(kind, properties);
  return { images, problems: empty.map((path) => `${path} has no container`) };
}

/** Reports probable images in a resource of an unknown kind. */
function undeclaredImageProblems(
  { type }: TypedProperties,
  search: ImageSearch,
  properties: Properties,
) {
  const lists = containerLists(properties);
  const single = isCustomKind(type)
    ? [...search.found, ...search.plain].filter(
        ({ path, value }) =>
          typeof value === 'string' &&
          mayBeImage(value) &&
          !lists.some((list) => path.startsWith(`${list}[`)),
      )
    : [];
  const declare =
    'list the paths of its images in `kinds` (`images: []` with a `reason` if it runs none), or exempt it with a reason';
  return [
    ...lists.map(
      (path) =>
        `${path}: ${type} seems to run these images, but the paths of its images are not known; ${declare}`,
    ),
    ...single.map(
      ({ path, value }) =>
        `${path} ${JSON.stringify(value)}: ${type} seems to run this image, but the paths of its images are not known; ${declare}`,
    ),
    ...(isCustomKind(type) ? unreadProblems(search) : []),
  ];
}

/**
 * Returns every image that a resource of any type runs. For kinds that are neither built in, nor
 * declared, nor known, every probable image is a problem.
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
    const problem = `${type} renders its chart in the provider, where its images cannot be checked; use kubernetes.helm.v4.Chart, or exempt this resource with a reason`;
    return { images: [], problems: [problem] };
  }
  const custom = customKind(type);
  if (custom?.unverifiable !== undefined)
    return { images: [], problems: [`${type} ${custom.unverifiable}`] };
  // A controller writes the status; in the inputs it is checked like any other member.
  const without = isFinished ? [METADATA, STATUS] : [METADATA];
  const search = searchImages(properties, { ...custom, without });
  if (custom === undefined)
    return { images: [], problems: undeclaredImageProblems(resource, search, properties) };
  return {
    images: search.found.map((field) => ({ ...field, optional: false })),
    problems: [
      ...unreadProblems(search),
      ...search.fetched.map(
        (path) =>
          `${path}: ${type} fetches its definition in the cluster, where its images cannot be checked; define it inline, or exempt this resource with a reason`,
      ),
    ],
  };
}
