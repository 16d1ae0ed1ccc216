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
    unavailable.push(name === 'auto' ? `${candidate}: ${reason}` : reason);
  }
  throw new SignedImageError({
    code: 'BUILDER_UNAVAILABLE',
    property: 'build.builder',
    message:
      name === 'auto'
        ? `no builder can build this image here; tried ${asSentence(unavailable.join('; '))} Start or install one ` +
          '(as root on Debian: apt-get install buildah crun), or build elsewhere and declare the image by digest'
        : `the builder ${name} is not available: ${asSentence(unavailable.join('; '))} Install or start it, or set \`build.builder\` ` +
          'to another builder, or to `auto`, which takes the first one that can build this image',
  });
}

/** What a tool reports may end in a mark of its own: `Is the docker daemon running?` */
function asSentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function candidates(
  name: 'auto' | CommandBuilderName,
  request: BuildRequest,
): readonly CommandBuilderName[] {
  if (name !== 'auto') return [name];
  if (request.buildxBuilder !== undefined) return ['buildx'];
  return Object.keys(BUILDERS) as CommandBuilderName[];
}
