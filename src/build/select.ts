import { SignedImageError } from '../error';
import { buildahBuilder } from './buildah';
import type { Builder, BuildRequest, CommandBuilderName } from './builder';
import { buildxBuilder } from './buildx';
import { dockerBuilder } from './docker';
import { podmanBuilder } from './podman';
import type { BuilderDeps } from './session';

/** In the order of `auto`. */
const BUILDERS: Readonly<Record<CommandBuilderName, (deps: BuilderDeps) => Builder>> = {
  buildx: buildxBuilder,
  docker: dockerBuilder,
  podman: podmanBuilder,
  buildah: buildahBuilder,
};

/** Creates the builder of this name, without checking that it works. */
export function createBuilder(name: CommandBuilderName, deps: BuilderDeps): Builder {
  return BUILDERS[name](deps);
}

/**
 * Selects the builder: the given one, or with `auto` the first one that supports the request on this
 * machine. `buildxBuilder` restricts `auto` to buildx.
 *
 * @throws SignedImageError `BUILDER_UNAVAILABLE` on `build.builder` with the reason for each builder
 */
export async function selectBuilder(
  name: 'auto' | CommandBuilderName,
  request: BuildRequest,
  deps: BuilderDeps,
): Promise<Builder> {
  const unavailable: string[] = [];
  for (const candidate of candidates(name, request)) {
    const builder = createBuilder(candidate, deps);
    const reason = await builder.unavailable(request);
    if (reason === undefined) return builder;
    unavailable.push(`${candidate}: ${reason}`);
  }
  throw new SignedImageError({
    code: 'BUILDER_UNAVAILABLE',
    property: 'build.builder',
    message:
      `${name === 'auto' ? 'no builder is available' : `the builder ${name} is not available`}; ` +
      `tried ${unavailable.join('; ')}. Start or install one (as root on Debian: apt-get install buildah ` +
      `crun), or build elsewhere and declare the image by digest`,
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
