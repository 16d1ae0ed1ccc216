import type { BuilderName } from '../../../../src/build';

/** A builder of ours on a real engine: a column of the table. */
export interface Column {
  /** For the table and the names of the tests. */
  readonly name: ColumnName;
  readonly builder: Extract<BuilderName, 'auto' | 'buildx' | 'docker' | 'podman' | 'buildah'>;
  /** The engine of `startEngines`. */
  readonly engine: EngineName;
  /** Where images are stored by name on this machine. BuildKit without Docker has no such store. */
  readonly store: 'docker' | 'podman' | 'buildah' | 'none';
  /** Not part of the smaller run: on a new machine dockerd 29 takes up to 24 minutes to compile. */
  readonly fullRunOnly?: boolean;
}

export type EngineName = 'docker' | 'modern' | 'buildkit' | 'podman' | 'buildah' | 'all';

/** The columns in the order of the table. */
export const COLUMN_NAMES = [
  'docker',
  'buildx, dockerd 20.10',
  'buildx, dockerd 29',
  'buildx, buildkitd',
  'podman',
  'buildah',
  'auto',
] as const;
export type ColumnName = (typeof COLUMN_NAMES)[number];

const COLUMNS: Readonly<Record<ColumnName, Omit<Column, 'name'>>> = {
  docker: { builder: 'docker', engine: 'docker', store: 'docker' },
  'buildx, dockerd 20.10': { builder: 'buildx', engine: 'docker', store: 'docker' },
  'buildx, dockerd 29': {
    builder: 'buildx',
    engine: 'modern',
    store: 'docker',
    fullRunOnly: true,
  },
  'buildx, buildkitd': { builder: 'buildx', engine: 'buildkit', store: 'none' },
  podman: { builder: 'podman', engine: 'podman', store: 'podman' },
  buildah: { builder: 'buildah', engine: 'buildah', store: 'buildah' },
  // A machine with dockerd 20.10, buildx, podman and buildah.
  auto: { builder: 'auto', engine: 'all', store: 'docker' },
};

export const columnOf = (name: ColumnName): Column => ({ name, ...COLUMNS[name] });
