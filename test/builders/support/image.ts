/** Reads what a builder pushed, from a registry on loopback. */

export interface PushedManifest {
  readonly mediaType: string;
  readonly config: { readonly digest: string; readonly mediaType: string };
  readonly layers: readonly { readonly digest: string; readonly mediaType: string }[];
  readonly manifests: readonly {
    readonly digest: string;
    readonly platform: {
      readonly os: string;
      readonly architecture: string;
      readonly variant?: string;
    };
  }[];
}

export interface PushedConfig {
  readonly author?: string;
  readonly os: string;
  readonly architecture: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly history: readonly { readonly created_by?: string }[];
}

const ACCEPT = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

async function get(url: string): Promise<Response> {
  const response = await fetch(url, { headers: { accept: ACCEPT } });
  if (response.status !== 200) throw new Error(`${url}: ${response.status}`);
  return response;
}

/** @param reference - A tag or digest. */
export async function manifestOf(
  registry: string,
  repository: string,
  reference: string,
): Promise<PushedManifest> {
  const response = await get(`http://${registry}/v2/${repository}/manifests/${reference}`);
  return (await response.json()) as PushedManifest;
}

export async function configOf(
  registry: string,
  repository: string,
  reference: string,
): Promise<PushedConfig> {
  const { config } = await manifestOf(registry, repository, reference);
  const response = await get(`http://${registry}/v2/${repository}/blobs/${config.digest}`);
  return (await response.json()) as PushedConfig;
}
