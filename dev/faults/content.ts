import type { RegistryStore } from '../registry';
import { REPOSITORY } from './world';

/** One signature in the registry, by any signer; read from the store itself. */
export interface StoredSignature {
  readonly format: 'bundle' | 'legacy';
  readonly subject: string;
  /** As in the state: digest of the referrer manifest, or of the layer. */
  readonly stored: string;
  /** Base64; of a `.sig` layer, because two signatures of one payload have the same layer digest. */
  readonly signature?: string | undefined;
  /** Identifies the signature uniquely. */
  readonly identity: string;
}

interface ManifestJson {
  readonly subject?: { readonly digest: string };
  readonly manifests?: readonly { readonly digest: string }[];
  readonly layers?: readonly {
    readonly digest: string;
    readonly annotations?: Readonly<Record<string, string>>;
  }[];
}

function parsed(store: RegistryStore, reference: string): ManifestJson | undefined {
  const manifest = store.getManifest(REPOSITORY, reference);
  return manifest && (JSON.parse(manifest.bytes.toString('utf8')) as ManifestJson);
}

/** The image's own manifest, and those of its platforms. */
export function subjectsOf(store: RegistryStore, digest: string): readonly string[] {
  return [digest, ...(parsed(store, digest)?.manifests ?? []).map((entry) => entry.digest)];
}

/** Every signature that a client finds, for all manifests in the repository. */
export function signaturesIn(
  store: RegistryStore,
  referrersApi: boolean,
): readonly StoredSignature[] {
  const manifests = [...store.manifests(REPOSITORY).keys()].map((digest) => ({
    digest,
    subject: parsed(store, digest)?.subject?.digest,
  }));
  return manifests.flatMap(({ digest: subject }) => {
    const listed = referrersApi
      ? manifests.filter((each) => each.subject === subject).map(({ digest }) => digest)
      : (parsed(store, subject.replace(':', '-'))?.manifests ?? [])
          .map(({ digest }) => digest)
          .filter((digest) => store.getManifest(REPOSITORY, digest));
    return [
      ...listed.map((stored) => ({
        format: 'bundle' as const,
        subject,
        stored,
        identity: stored,
      })),
      ...['sig', 'att'].flatMap((suffix) => layersOf(store, subject, suffix)),
    ];
  });
}

function layersOf(store: RegistryStore, subject: string, suffix: string): StoredSignature[] {
  const { layers = [] } = parsed(store, `${subject.replace(':', '-')}.${suffix}`) ?? {};
  return layers
    .filter(({ digest }) => store.getBlob(REPOSITORY, digest))
    .map((layer) => ({
      format: 'legacy',
      subject,
      stored: layer.digest,
      signature: layer.annotations?.['dev.cosignproject.cosign/signature'] || undefined,
      identity: `${suffix} ${JSON.stringify(layer)}`,
    }));
}
