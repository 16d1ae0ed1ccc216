import { defineCells } from './support/table';

/** Every case with podman and buildah, each with a store of its own. */
defineCells(['podman', 'buildah']);
