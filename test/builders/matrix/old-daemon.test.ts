import { defineCells, OLD_DAEMON } from './support/table';

/** Every case with dockerd 20.10: docker, buildx, and `auto` on a machine that has podman and buildah, too. */
defineCells(OLD_DAEMON);
