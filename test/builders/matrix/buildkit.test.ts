import { defineCells } from './support/table';

/** Every case with BuildKit without Docker, and with BuildKit in dockerd 29 (containerd image store). */
defineCells(['buildx, buildkitd', 'buildx, dockerd 29']);
