/** CEL: what the containers of a PodSpec run. */
export function runExpression(podSpec: string): string {
  const lists = ['initContainers', 'ephemeralContainers'].map(
    (list) =>
      `(has(${podSpec}.${list}) ? ${podSpec}.${list}.map(c, has(c.image) ? c.image : "") : [])`,
  );
  return [`${podSpec}.containers.map(c, has(c.image) ? c.image : "")`, ...lists].join(' + ');
}

/** CEL: what a PodSpec mounts. https://kubernetes.io/docs/concepts/storage/volumes/#image */
export function mountedExpression(podSpec: string): string {
  return `(has(${podSpec}.volumes) ? ${podSpec}.volumes.filter(v, has(v.image)).map(v, has(v.image.reference) ? v.image.reference : "") : [])`;
}

/**
 * CEL: whether a request brings an image in. An update that brings none is a controller's: it scales
 * down, ends or deletes what holds an image that would not be admitted any more.
 */
export function bringsImages(podSpec: string): string {
  const [now, before] = [`object.${podSpec}`, `oldObject.${podSpec}`];
  const kept = [runExpression, mountedExpression].map(
    (images) => `(${images(now)}).all(image, image in (${images(before)}))`,
  );
  return `oldObject == null || !(${kept.join(' && ')})`;
}
