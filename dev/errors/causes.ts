import type { ErrorCode } from '../../src/error';

interface CauseAndRemedy {
  readonly cause: string;
  readonly remedy: string;
}

/** What each code means, and what to do about it. A code that is not here does not compile. */
export const CAUSES: Readonly<Record<ErrorCode, CauseAndRemedy>> = {
  INPUT_INVALID: {
    cause: 'An input is missing, malformed, contradicts another input, or is not supported.',
    remedy: 'Correct the property that the error names. All invalid inputs are reported together.',
  },
  REFERENCE_INVALID: {
    cause: 'A text is not a valid image reference.',
    remedy: 'Write `host/path[:tag][@sha256:...]`, without a scheme.',
  },
  DIGEST_INVALID: {
    cause: 'A text is not a valid digest.',
    remedy: 'Write `sha256:` and 64 lower-case hexadecimal digits.',
  },
  SOURCE_DIRTY: {
    cause: 'The files that the build reads differ from the commit that would be signed.',
    remedy:
      'Commit, restore or ignore the listed files, or set `source.allowDirty`, which is recorded in the provenance.',
  },
  SOURCE_UNREADABLE: {
    cause: 'A `.git` exists at or above the context, and git cannot read the repository.',
    remedy: 'Repair the checkout, or remove its `.git` if it is not the source.',
  },
  BUILD_CONTEXT_INVALID: {
    cause: 'The build context, the Dockerfile or the ignore file cannot be read.',
    remedy: 'Correct the path or the line that the error names.',
  },
  BUILDER_UNAVAILABLE: {
    cause: 'No builder is installed, or the one that was chosen does not run.',
    remedy:
      'Install and start docker, buildx, podman or buildah, or choose another `build.builder`.',
  },
  BUILD_FAILED: {
    cause: 'The builder ended with an error.',
    remedy:
      'Read the last lines of the builder in the error; the complete output is in the log of `pulumi up --debug`.',
  },
  BUILD_DIGEST_MISSING: {
    cause: 'The builder did not report the digest of the image that it pushed.',
    remedy: 'Update the builder, or choose another `build.builder`.',
  },
  BUILD_RESULT_MISMATCH: {
    cause:
      'The image is not the one that was declared: another platform, a missing label, another config, or the image of another build. Nothing was signed, and the next update builds again.',
    remedy:
      'Read the fault in the error. If another build uses the same tag or builder, run again; otherwise choose another `build.builder`.',
  },
  REGISTRY_UNAUTHORIZED: {
    cause: 'The registry or its token service does not accept the credentials (401).',
    remedy: 'Log in again, or correct `registry.username` and `registry.password`.',
  },
  REGISTRY_FORBIDDEN: {
    cause: 'The credentials are valid and lack a permission (403).',
    remedy: 'Grant pull and push on the repository to the account that the error names.',
  },
  REGISTRY_NOT_FOUND: {
    cause: 'The registry does not have the repository, the tag or the manifest.',
    remedy: 'Check the reference; create the repository where the registry requires that.',
  },
  REGISTRY_UNAVAILABLE: {
    cause: 'The registry could not be reached, timed out, or answered with a server error.',
    remedy:
      'Run again; nothing that was completed is repeated. Check DNS, proxy and firewall if it persists.',
  },
  REGISTRY_THROTTLED: {
    cause: 'The registry limits the rate of requests (429), also after all retries.',
    remedy: 'Run again later, log in for a higher limit, or reduce `--parallel`.',
  },
  REGISTRY_PROTOCOL: {
    cause: 'A response does not follow the OCI distribution specification.',
    remedy: 'Check that the host is a registry and not a web page or a sign-in proxy.',
  },
  REGISTRY_CONFLICT: {
    cause: 'Another writer changed the same tag, or the registry does not allow tags to change.',
    remedy:
      'Run again; for immutable tags use `signing.format` `bundle`, which writes no tags where the registry has the referrers API.',
  },
  REGISTRY_INSECURE: {
    cause:
      'A request would be sent without verified TLS, or to a local address that a remote host named.',
    remedy:
      'Set `registry.caFile` for a private certificate authority; `registry.insecure` only for a registry without TLS.',
  },
  CREDENTIALS_UNREADABLE: {
    cause: 'A credentials file or a credential helper cannot be read.',
    remedy: 'Repair the file that the error names, or run the helper by hand to see its error.',
  },
  CONTENT_MISMATCH: {
    cause: 'Content does not have the digest or the size by which it was requested.',
    remedy: 'Treat the registry or a proxy in front of it as faulty or compromised.',
  },
  CONTENT_TOO_LARGE: {
    cause: 'A response, a manifest or a list exceeds its limit.',
    remedy:
      'Check what the error names; images that are signed thousands of times need a clean-up of old signatures.',
  },
  CONTENT_MALFORMED: {
    cause: 'A manifest, a bundle or a signature in the registry is not valid.',
    remedy: 'Find out who wrote it; remove it, or sign the image again.',
  },
  KEY_REFERENCE_INVALID: {
    cause: '`key.ref` is not a valid reference of a key backend.',
    remedy: 'Write it as the example in the error; see [keys](keys/README.md).',
  },
  KEY_UNREADABLE: {
    cause: 'The key cannot be read, or is not a valid PEM key.',
    remedy: 'Check the path, the variable or the secret, and its permissions.',
  },
  KEY_PASSWORD_WRONG: {
    cause: 'The private key cannot be decrypted with the given password.',
    remedy: 'Set `key.password`, or `COSIGN_PASSWORD` in the environment.',
  },
  KEY_UNSUPPORTED: {
    cause: 'The type, the usage or the algorithm of the key is not supported.',
    remedy: 'Use ECDSA P-256 or RSA, with the usage for signing.',
  },
  KEY_SIGNING_FAILED: {
    cause: 'Signing failed, or the signature does not verify with the public key.',
    remedy: 'Read the cause in the error; run again if the backend was unavailable.',
  },
  KEY_NOT_FOUND: {
    cause: 'The backend does not have the key.',
    remedy: 'Check the reference, the account and the region or namespace; create the key.',
  },
  KEY_FORBIDDEN: {
    cause: 'The credentials may not read or use the key.',
    remedy: 'Grant the permission that the error names.',
  },
  KEY_SERVICE_FAILED: {
    cause: 'The key backend could not be reached, or failed.',
    remedy: 'Check its address and state, then run again.',
  },
  KEY_EXISTS: {
    cause: 'A key exists where a new one would be created.',
    remedy: 'Choose another reference; existing keys are never overwritten.',
  },
  PACKAGE_MISSING: {
    cause: 'A feature needs an optional npm package that is not installed.',
    remedy: 'Install the package that the error names in the project of the Pulumi program.',
  },
  IDENTITY_UNAVAILABLE: {
    cause: 'No OIDC identity token could be obtained.',
    remedy: 'Give the job the permission that the error names, or set `keyless.provider`.',
  },
  IDENTITY_TOKEN_INVALID: {
    cause: 'The identity token is malformed, expired, or for another audience or issuer.',
    remedy: 'Request a new token with the audience that Fulcio expects (`sigstore` by default).',
  },
  FULCIO_FAILED: {
    cause: 'Fulcio did not issue a certificate.',
    remedy: 'Read the answer in the error; run again if the service was unavailable.',
  },
  REKOR_FAILED: {
    cause: 'The transparency log did not accept the entry.',
    remedy: 'Run again; the signature is not stored without its log entry.',
  },
  TSA_FAILED: {
    cause: 'The timestamp authority did not return a valid timestamp.',
    remedy: 'Check `sigstore.tsaUrl`, then run again.',
  },
  LOG_INCONSISTENT: {
    cause:
      'A transparency log contradicts a checkpoint that it has signed: entries were changed or removed, or it has forked.',
    remedy:
      'Keep the checkpoint file, and report it with the error to the operator of the log; do not rely on the log until this is explained.',
  },
  TRUSTED_ROOT_INVALID: {
    cause: 'The trusted root or the signing config is malformed, or lacks what the policy needs.',
    remedy:
      'Create one with `cosign trusted-root create`, or leave it out for the public instance.',
  },
  TRUSTED_ROOT_UNAVAILABLE: {
    cause: 'The trusted root cannot be read, or not be updated by TUF.',
    remedy:
      'Check the path or the network; set `sigstore.trustedRoot` where the network is closed.',
  },
  VERIFY_UNSIGNED: {
    cause: 'The image does not have a signature.',
    remedy: 'Sign the image, or check that the digest is the one that was signed.',
  },
  VERIFY_SIGNATURE_INVALID: {
    cause: 'A signature exists and does not verify.',
    remedy: 'Treat it as tampering until it is explained; sign the image again.',
  },
  VERIFY_SIGNER_MISMATCH: {
    cause: 'The signature is valid, and its signer is not trusted.',
    remedy: 'Compare the identity, issuer or key id in the error with the policy.',
  },
  VERIFY_KEY_RETIRED: {
    cause: 'The signature was made outside of the period in which its key is trusted.',
    remedy: 'Sign the image with a current key; see [rotation](how-to/rotation.md).',
  },
  VERIFY_LOG_MISSING: {
    cause: 'The signature lacks the log entry or the timestamp that the policy requires.',
    remedy:
      'Sign with the transparency log or a timestamp authority, or relax `verify.transparency`.',
  },
  VERIFY_ANNOTATION_MISMATCH: {
    cause: 'A signed annotation is missing, or has another value than required.',
    remedy: 'Compare the annotation in the error with the policy.',
  },
  VERIFY_PROVENANCE_MISSING: {
    cause: 'The image does not have provenance.',
    remedy: 'Build and sign it with provenance, or do not require it.',
  },
  VERIFY_PROVENANCE_MISMATCH: {
    cause: 'The provenance states another source, builder or build type than required.',
    remedy: 'Compare the value in the error with the policy.',
  },
  VERIFY_ATTESTATION_MISSING: {
    cause: 'The image does not have an attestation of a required type.',
    remedy: 'Attest the image with that type, or do not require it.',
  },
  VERIFY_CONDITION_UNMET: {
    cause:
      'An attestation of a trusted signer does not meet the condition or the maximum age of a requirement.',
    remedy: 'Compare the attestation with the condition in the error, or attest the image again.',
  },
  VERIFY_THRESHOLD_UNMET: {
    cause: 'Fewer different signers than required have signed the image or the attestation.',
    remedy: 'Let the missing signers sign, or lower `count`.',
  },
  VERIFY_INCONCLUSIVE: {
    cause:
      'Not everything could be read, so that the image cannot be called verified or unverified.',
    remedy: 'Run again when the registry can be read.',
  },
  IMAGE_NOT_VERIFIED: {
    cause: 'A workload runs an image that was not verified.',
    remedy:
      'Use the `imageRef` output of `SignedImage` or `VerifiedImage`, or declare an exemption.',
  },
  CLUSTER_UNREADABLE: {
    cause: 'The pods of the cluster cannot be listed.',
    remedy:
      'Check the kubeconfig and its context, and grant what `signed-image audit rbac` prints.',
  },
  INTERNAL: {
    cause: 'A defect of this package.',
    remedy: 'Report it with the message and the version.',
  },
};
