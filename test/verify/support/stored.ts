import type { Digest, Repository } from '../../../src/oci';
import type { Lab } from './lab';

interface Layer {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Manifest {
  readonly layers: readonly Layer[];
  readonly subject?: { readonly digest: string };
  readonly annotations?: Readonly<Record<string, string>>;
}

export function manifestAt(lab: Lab, { path }: Repository, reference: string): Manifest {
  const stored = lab.registry.store.getManifest(path, reference);
  if (!stored) throw new Error(`nothing is stored as ${reference}`);
  return JSON.parse(stored.bytes.toString('utf8')) as Manifest;
}

export function blobAt(lab: Lab, { path }: Repository, digest: string): Buffer {
  const blob = lab.registry.store.getBlob(path, digest);
  if (!blob) throw new Error(`no blob ${digest}`);
  return blob;
}

export function legacyTagOf(digest: Digest, kind: 'sig' | 'att'): string {
  return `${digest.replace(':', '-')}.${kind}`;
}

/** Replaces what a `.sig` or `.att` tag holds. */
export function replaceTag(lab: Lab, { path }: Repository, tag: string, manifest: object): void {
  const bytes = Buffer.from(JSON.stringify(manifest));
  lab.registry.store.putManifest(
    path,
    { mediaType: 'application/vnd.oci.image.manifest.v1+json', bytes },
    { tag },
  );
}
