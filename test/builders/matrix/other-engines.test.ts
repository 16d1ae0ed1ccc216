import { defineCells, OTHER_ENGINES } from './support/table';

/** Every case with dockerd 29, BuildKit without Docker, podman and buildah. */
defineCells(OTHER_ENGINES);
