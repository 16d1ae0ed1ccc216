import { join, resolve } from 'node:path';

import { COMMAND_BUILDERS, type SshSource } from './builder';
import type { IgnoreConvention } from './ignore-file';

/** Every value of `build.builder`. */
export const BUILDER_NAMES = [
  'auto',
  ...COMMAND_BUILDERS,
  'pulumi-docker',
  'pulumi-docker-build',
] as const;
export type BuilderName = (typeof BUILDER_NAMES)[number];

/** The `build` input as declared, before validation. */
export interface DeclaredBuild {
  /** Folder, relative to the program's folder. Default: the program's folder. */
  readonly context?: string | undefined;
  /** Path of the Dockerfile, relative to the program's folder. Default: `Dockerfile` in the context. */
  readonly dockerfile?: string | undefined;
  readonly target?: string | undefined;
  readonly args?: Readonly<Record<string, string>> | undefined;
  readonly secrets?: Readonly<Record<string, string>> | undefined;
  /** `os/arch[/variant]`. */
  readonly platforms?: readonly string[] | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly cacheFrom?: readonly string[] | undefined;
  readonly cacheTo?: readonly string[] | undefined;
  /** Named contexts: a folder, relative to the program's folder, or `docker-image://` and a reference. */
  readonly contexts?: Readonly<Record<string, string>> | undefined;
  /** Resolve every base image in its registry, and fail where that is not possible. */
  readonly pull?: boolean | undefined;
  readonly noCache?: boolean | undefined;
  /** `default`, `none` or `host`. */
  readonly network?: string | undefined;
  /** Host name to IP address. */
  readonly addHosts?: Readonly<Record<string, string>> | undefined;
  /** `default`, or `id=path[,path]`. */
  readonly ssh?: readonly string[] | undefined;
  readonly sbom?: boolean | undefined;
  /** Default: `auto`. */
  readonly builder?: string | undefined;
  readonly buildxBuilder?: string | undefined;
  /** Names of further variables for the builder's process. */
  readonly environment?: readonly string[] | undefined;
}

/** Resolves the paths of context and Dockerfile relative to the program's folder. */
export function buildPaths(
  declared: Pick<DeclaredBuild, 'context' | 'dockerfile'>,
  cwd: string,
): { readonly context: string; readonly dockerfile: string } {
  const context = resolve(cwd, declared.context ?? '.');
  const dockerfile =
    declared.dockerfile === undefined
      ? join(context, 'Dockerfile')
      : resolve(cwd, declared.dockerfile);
  return { context, dockerfile };
}

/** Parses an element of `build.ssh`. Paths are resolved relative to the program's folder. */
export function parseSsh(spec: string, cwd: string): SshSource {
  const at = spec.indexOf('=');
  if (at < 0) return { id: spec, paths: [] };
  const paths = spec.slice(at + 1).split(',');
  return { id: spec.slice(0, at), paths: paths.map((path) => resolve(cwd, path)) };
}

/** Converts `build.network` for a request: the default network is that without a flag. */
export function networkOf(network: string | undefined): { readonly network?: 'none' | 'host' } {
  return network === 'none' || network === 'host' ? { network } : {};
}

/** podman and buildah also read their own ignore files; with `auto` the builder is not known in advance. */
export function ignoreConvention({ builder }: Pick<DeclaredBuild, 'builder'>): IgnoreConvention {
  return builder === 'podman' || builder === 'buildah' ? 'containers' : 'docker';
}
