/** CEL: the images that the containers of a PodSpec run. */
export function runExpression(podSpec: string): string {
  const lists = ['initContainers', 'ephemeralContainers'].map(
    (list) =>
      `(has(${podSpec}.${list}) ? ${podSpec}.${list}.map(c, has(c.image) ? c.image : "") : [])`,
  );
  return [`${podSpec}.containers.map(c, has(c.image) ? c.image : "")`, ...lists].join(' + ');
}

/** CEL: the images that a PodSpec mounts. https://kubernetes.io/docs/concepts/storage/volumes/#image */
export function mountedExpression(podSpec: string): string {
  return `(has(${podSpec}.volumes) ? ${podSpec}.volumes.filter(v, has(v.image)).map(v, has(v.image.reference) ? v.image.reference : "") : [])`;
}

/**
 * CEL: whether a request adds an image. An update that adds none must pass: a controller scales down,
 * terminates or deletes an object with an image that is no longer admitted.
 */
export function addsImages(podSpec: string): string {
  const [now, before] = [`object.${podSpec}`, `oldObject.${podSpec}`];
  const kept = [runExpression, mountedExpression].map(
    (images) => `(${images(now)}).all(image, image in (${images(before)}))`,
  );
  return `oldObject == null || !(${kept.join(' && ')})`;
}
