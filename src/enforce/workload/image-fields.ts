import {
  type Field,
  fieldsAt,
  isObject,
  itemsOf,
  memberOf,
  type Properties,
  UNKNOWN,
} from './field';
import { imageInParts } from './image-key';
import type { WorkloadKind } from './workload-kinds';

/** A field that contains, or must contain, an image. */
export interface ImageField extends Field {
  /** Whether it may be absent: a patch does not change members that it leaves out. */
  readonly optional: boolean;
}

/** The images of one resource. */
export interface WorkloadImages {
  readonly images: readonly ImageField[];
  /** Paths of PodSpecs that have no container, although one is required. */
  readonly empty: readonly string[];
}

const CONTAINERS = 'containers';
const FURTHER = ['initContainers', 'ephemeralContainers'];

/** https://kubernetes.io/docs/concepts/storage/volumes/#image: files of an image, which need not be run. */
function imageVolumes(podSpec: Field): readonly ImageField[] {
  return itemsOf(memberOf(podSpec, 'volumes'))
    .map((volume) => memberOf(volume, 'image'))
    .filter(({ value }) => isObject(value))
    .map((image) => ({ ...memberOf(image, 'reference'), optional: false }));
}

function podSpecImages(podSpec: Field, partial: boolean): WorkloadImages {
  const containers = memberOf(podSpec, CONTAINERS);
  const named = [containers, ...FURTHER.map((list) => memberOf(podSpec, list))]
    .flatMap(itemsOf)
    .map((container) => ({ ...memberOf(container, 'image'), optional: partial }));
  const needed = !partial && containers.value !== UNKNOWN;
  const hasNone = !Array.isArray(containers.value) || containers.value.length === 0;
  return {
    images: [...named, ...imageVolumes(podSpec)],
    empty: needed && hasNone ? [containers.path] : [],
  };
}

/** Returns every image that a resource of a known kind runs. */
export function workloadImages(kind: WorkloadKind, properties: Properties): WorkloadImages {
  const root: Field = { path: '', value: properties };
  const partial = kind.partial ?? false;
  const pods = (kind.podSpec === undefined ? [] : fieldsAt(root, kind.podSpec)).map((podSpec) =>
    podSpecImages(podSpec, partial),
  );
  const further = (kind.images ?? [])
    .flatMap((path) => fieldsAt(root, path))
    .map((field) => {
      const value = imageInParts(field, true) ?? field.value;
      return { path: field.path, value, optional: partial };
    });
  return {
    images: [...pods.flatMap(({ images }) => images), ...further],
    empty: pods.flatMap(({ empty }) => empty),
  };
}

const LISTS = [CONTAINERS, ...FURTHER];
/** Greater than the depth of the pods in any known kind. */
const MAX_DEPTH = 24;

/**
 * Returns paths of probable containers in a resource of an unknown kind: custom resources from which a
 * controller creates pods.
 */
export function containerLists(properties: Properties): readonly string[] {
  const found: string[] = [];
  const visit = (field: Field, depth: number): void => {
    if (depth > MAX_DEPTH) return;
    if (Array.isArray(field.value)) {
      for (const item of itemsOf(field)) visit(item, depth + 1);
      return;
    }
    if (!isObject(field.value)) return;
    for (const name of Object.keys(field.value)) {
      const member = memberOf(field, name);
      const runs = itemsOf(member).some((item) => memberOf(item, 'image').value !== undefined);
      if (LISTS.includes(name) && Array.isArray(member.value) && runs) found.push(member.path);
      else visit(member, depth + 1);
    }
  };
  visit({ path: '', value: properties }, 0);
  return found;
}
