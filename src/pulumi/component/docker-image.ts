import type * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';

import { cacheRepositories } from '../../build/flags';
import { hostEntries } from './builder-inputs';
import { requireProvider } from './image-builder';
import type { ImageSource, ImageSourceRequest } from './image-builder';
import { declaredSummary } from './declared-summary';

/** Builds and pushes with a child `docker.Image`; its `repoDigest` is the claimed digest. */
export function buildWithDocker({
  name,
  plan,
  build,
  args,
  parent,
}: ImageSourceRequest): ImageSource {
  const { Image } = requireProvider<typeof docker>('@pulumi/docker', 'pulumi-docker');
  const { username, password } = args.registry ?? {};
  const image = new Image(
    `${name}-image`,
    {
      imageName: plan.image,
      build: {
        context: build.context ?? '.',
        ...(build.dockerfile !== undefined && { dockerfile: build.dockerfile }),
        ...(build.target !== undefined && { target: build.target }),
        ...(build.args !== undefined && { args: build.args }),
        ...(build.platforms !== undefined && {
          platform: pulumi.output(build.platforms).apply(singlePlatform),
        }),
        ...(build.network !== undefined && { network: build.network }),
        ...(build.addHosts !== undefined && {
          addHosts: pulumi.output(build.addHosts).apply(hostEntries),
        }),
        ...(build.cacheFrom !== undefined && {
          cacheFrom: { images: pulumi.output(build.cacheFrom).apply(cacheImages) },
        }),
      },
      ...(username !== undefined && {
        registry: {
          server: plan.repository.apply((repository) => repository.split('/')[0] ?? ''),
          username,
          ...(password !== undefined && { password: pulumi.secret(password) }),
        },
      }),
    },
    { parent },
  );
  return {
    digest: image.repoDigest.apply(digestOfRepoDigest),
    summary: declaredSummary('pulumi-docker', build),
  };
}

function singlePlatform(platforms: readonly string[]): string {
  const [platform, ...others] = platforms;
  if (platform !== undefined && others.length === 0) return platform;
  throw new pulumi.InputPropertyError({
    propertyPath: 'build.platforms',
    reason:
      'the Docker provider builds one platform at a time; use builder buildx, or pulumi-docker-build',
  });
}

function cacheImages(entries: readonly string[]): string[] {
  const images = cacheRepositories(entries);
  if (images) return [...images];
  throw new pulumi.InputPropertyError({
    propertyPath: 'build.cacheFrom',
    reason: 'pulumi-docker supports images only (type=registry,ref=...); use pulumi-docker-build',
  });
}

/** `repo@sha256:...` -> `sha256:...`; the provider returns `<none>@<none>` when it pushed nothing. */
function digestOfRepoDigest(repoDigest: string): string {
  const digest = repoDigest.split('@')[1];
  if (digest?.startsWith('sha256:')) return digest;
  throw new pulumi.InputPropertyError({
    propertyPath: 'build.builder',
    reason: `the Docker provider returned no digest (${JSON.stringify(repoDigest)}); check that the image was pushed`,
  });
}
