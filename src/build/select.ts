import { SignedImageError } from '../error';
import { buildahBuilder } from './buildah';
import type { Builder, BuildRequest, CommandBuilderName } from './builder';
import { buildxBuilder } from './buildx';
import { dockerBuilder } from './docker';
import { podmanBuilder } from './podman';
import type { BuilderDeps } from './session';

/** In the order in which `auto` tries them. */
const BUILDERS: Readonly<Record<CommandBuilderName, (deps: BuilderDeps) => Builder>> = {
  buildx: buildxBuilder,
  docker: dockerBuilder,
  podman: podmanBuilder,
  buildah: buildahBuilder,
};

/** The builder of this name, whether or not it works here. */
export function createBuilder(name: CommandBuilderName, deps: BuilderDeps): Builder {
  return BUILDERS[name](deps);
}

/**
 * The builder to use: the named one, or with `auto` the first that can do this request here. A named
 * buildx builder leaves buildx only.
 *
 * @throws SignedImageError `BUILDER_UNAVAILABLE` on `build.builder`: what was tried, and why not
 */
export async function selectBuilder(
  name: 'auto' | CommandBuilderName,
  request: BuildRequest,
  deps: BuilderDeps,
): Promise<Builder> {
  const refused: string[] = [];
  for (const candidate of candidates(name, request)) {
    const builder = createBuilder(candidate, deps);
    const why = await builder.unavailable(request);
    if (why === undefined) return builder;
    refused.push(`${candidate}: ${why}`);
  }
  throw new SignedImageError({
    code: 'BUILDER_UNAVAILABLE',
    property: 'build.builder',
    message:
      `${name === 'auto' ? 'no builder works here' : `the builder ${name} does not work here`}; ` +
      `tried ${refused.join('; ')}. Start or install one (as root on Debian: apt-get install buildah ` +
      `crun), or build elsewhere and give the image by digest`,
  });
}

function candidates(
  name: 'auto' | CommandBuilderName,
  request: BuildRequest,
): readonly CommandBuilderName[] {
  if (name !== 'auto') return [name];
  if (request.buildxBuilder !== undefined) return ['buildx'];
  return Object.keys(BUILDERS) as CommandBuilderName[];
}
