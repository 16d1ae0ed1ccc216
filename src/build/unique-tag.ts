import { randomBytes } from 'node:crypto';

import { parseTag, type Tag } from '../oci/reference';

/**
 * A tag that nobody else pushes: `build-<UTC time>-<random>`. Without one, two builds that push the
 * same tag could each be taken for the other; and a manifest without any tag is garbage to most
 * registries. Not made from the content, so that a registry with immutable tags takes a rebuild.
 */
export function uniqueTag(now: Date): Tag {
  const time = now
    .toISOString()
    .replace(/[-:]|\.\d+/g, '')
    .toLowerCase();
  return parseTag(`build-${time}-${randomBytes(4).toString('hex')}`);
}
