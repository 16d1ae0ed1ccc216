import { defineCells } from './support/table';

/**
 * Every case with dockerd 20.10: docker, buildx, and `auto` on a machine that has podman and buildah, too.
 * In one file, because builds in one daemon can retag and prune each other's images.
 */
defineCells(['docker', 'buildx, dockerd 20.10', 'auto']);
