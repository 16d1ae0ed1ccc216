import * as pulumi from '@pulumi/pulumi';

import { expectationOf } from '../provenance-expectation';
import type { ImageSignature } from '../resources/image-signature';
import type { SignerOutput, StoredSignatureOutput } from '../resources/signature-outputs';
import type { ProvenanceExpectationArgs, VerifiedImageArgs } from '../resources/verified-image';
import type { SignedImageArgs } from './args';
import type { RequiredFormat } from './enums';
import { nonsecretOfVerification } from './nonsecret-paths';

/**
 * The verification of this image: it must be signed by the signer of the signature (or another
 * trusted signer), with the annotations and the provenance that were signed.
 */
export function verificationOf(
  image: pulumi.Output<string>,
  signature: ImageSignature,
  declared: SignedImageArgs,
): VerifiedImageArgs {
  const { sigstore, registry, format } = declared;
  const verify = declared.verify ?? {};
  return {
    image,
    keys: pulumi
      .all([signature.signer, verify.keys ?? []])
      .apply(([signer, further]) => [
        ...(signer.publicKey ? [signer.publicKey] : []),
        ...orNone(further),
      ]),
    ...(verify.trustedKeys !== undefined && { trustedKeys: verify.trustedKeys }),
    identities: pulumi
      .all([signature.signer, verify.identities ?? []])
      .apply(([signer, further]) => [...identityOf(signer), ...orNone(further)]),
    annotations: pulumi
      .all([signature.signedAnnotations, verify.annotations ?? {}])
      .apply(([signed, further]) => ({ ...signed, ...further })),
    format: pulumi
      .all([format, signature.signatures])
      .apply(([declared, signatures]) => declared ?? formatOf(signatures)),
    transparency: signature.witnessed,
    provenance: signature.signedProvenance.apply(
      provenanceArgs,
    ) as pulumi.Output<ProvenanceExpectationArgs>,
    // New signatures are verified again.
    triggers: signature.signatures.apply((all) => all.map(({ stored }) => stored).sort()),
    ...(sigstore && { sigstore }),
    ...(registry && { registry }),
    ...(verify.always !== undefined && { always: verify.always }),
    ...(verify.exportProof !== undefined && { exportProof: verify.exportProof }),
    ...nonsecretOfVerification(declared),
  };
}

/** An output of a program may turn out to have no value, in spite of its type. */
function orNone<T>(values: readonly T[] | null | undefined): readonly T[] {
  return values ?? [];
}

/** The format of all signatures: the provider may have a default for it. */
function formatOf(signatures: readonly StoredSignatureOutput[]): RequiredFormat {
  const formats = [...new Set(signatures.map(({ format }) => format))];
  return formats.length > 1 ? 'both' : (formats[0] ?? 'bundle');
}

function identityOf({ identity, issuer }: SignerOutput): { identity: string; issuer: string }[] {
  return identity !== undefined && issuer !== undefined ? [{ identity, issuer }] : [];
}

function provenanceArgs(
  provenance: string | undefined,
): pulumi.Unwrap<ProvenanceExpectationArgs> | undefined {
  if (provenance === undefined) return undefined;
  const { externalParameters, ...rest } = expectationOf(provenance);
  return { ...rest, externalParameters: JSON.stringify(externalParameters) };
}
