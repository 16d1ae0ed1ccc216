import type { BundleWithDsseEnvelope } from '@sigstore/bundle';
import {
  type Artifact,
  DSSEBundleBuilder,
  type Signature,
  type Signer,
  type Witness,
} from '@sigstore/sign';

export interface DsseBundleOptions {
  readonly signer: Signer;
  readonly witnesses: readonly Witness[];
}

/**
 * Leaves the DSSE `keyid` empty, as cosign does.
 *
 * `@sigstore/bundle` copies the key hint into it, and cosign's DSSE library then skips the signature
 * ("accepted signatures do not match threshold"), because it treats a keyid as an SSH fingerprint.
 * It has to happen here, before the envelope is sent to the log: the log entry contains its hash.
 */
class EmptyKeyIdBundleBuilder extends DSSEBundleBuilder {
  protected override async package(
    artifact: Artifact,
    signature: Signature,
  ): Promise<BundleWithDsseEnvelope> {
    const bundle = await super.package(artifact, signature);
    for (const entry of bundle.content.dsseEnvelope.signatures) entry.keyid = '';
    return bundle;
  }
}

/** Creates a builder of v0.3 bundles with a DSSE envelope, as cosign writes them. */
export function createDsseBundleBuilder({
  signer,
  witnesses,
}: DsseBundleOptions): DSSEBundleBuilder {
  return new EmptyKeyIdBundleBuilder({ signer, witnesses: [...witnesses] });
}
