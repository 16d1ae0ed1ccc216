import type * as dockerBuild from '@pulumi/docker-build';
import * as pulumi from '@pulumi/pulumi';

import { hostEntries, locations, sshSources } from './builder-inputs';
import { declaredSummary } from './declared-summary';
import type { ImageSource, ImageSourceRequest } from './image-builder';
import { requireProvider } from './image-builder';

/** Builds and pushes with a child `docker-build.Image`; its `digest` is the claimed digest. */
export function buildWithDockerBuild({
  name,
  plan,
  build,
  args,
  parent,
}: ImageSourceRequest): ImageSource {
  const { Image } = requireProvider<typeof dockerBuild>(
    '@pulumi/docker-build',
    'pulumi-docker-build',
  );
  const { username, password } = args.registry ?? {};
  const image = new Image(
    `${name}-image`,
    {
      tags: [plan.image],
      push: true,
      // A build in a preview would write to the builder's cache.
      buildOnPreview: false,
      context: {
        location: build.context ?? '.',
        ...(build.contexts !== undefined && {
          named: pulumi.output(build.contexts).apply(locations),
        }),
      },
      ...(build.dockerfile !== undefined && { dockerfile: { location: build.dockerfile } }),
      ...(build.target !== undefined && { target: build.target }),
      ...(build.args !== undefined && { buildArgs: build.args }),
      ...(build.secrets !== undefined && { secrets: pulumi.secret(build.secrets) }),
      ...(build.platforms !== undefined && {
        platforms: build.platforms as pulumi.Input<pulumi.Input<dockerBuild.Platform>[]>,
      }),
      ...(build.labels !== undefined && { labels: build.labels }),
      ...(build.cacheFrom !== undefined && {
        cacheFrom: pulumi.output(build.cacheFrom).apply((all) => all.map((raw) => ({ raw }))),
      }),
      ...(build.cacheTo !== undefined && {
        cacheTo: pulumi.output(build.cacheTo).apply((all) => all.map((raw) => ({ raw }))),
      }),
      ...(build.pull !== undefined && { pull: build.pull }),
      ...(build.noCache !== undefined && { noCache: build.noCache }),
      ...(build.network !== undefined && {
        network: build.network as pulumi.Input<dockerBuild.NetworkMode>,
      }),
      ...(build.addHosts !== undefined && {
        addHosts: pulumi.output(build.addHosts).apply(hostEntries),
      }),
      ...(build.ssh !== undefined && { ssh: pulumi.output(build.ssh).apply(sshSources) }),
      ...(build.buildxBuilder !== undefined && { builder: { name: build.buildxBuilder } }),
      ...(username !== undefined && {
        registries: [
          {
            address: plan.repository.apply((repository) => repository.split('/')[0] ?? ''),
            username,
            ...(password !== undefined && { password: pulumi.secret(password) }),
          },
        ],
      }),
    },
    // On delete and replace, this provider removes the manifest, which pods may still use.
    { parent, retainOnDelete: true },
  );
  return { digest: image.digest, summary: declaredSummary('pulumi-docker-build', build) };
}
