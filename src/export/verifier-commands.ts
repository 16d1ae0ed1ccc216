import { hexOf } from '../oci';
import { publicKeyFromPem } from '../sign';
import type { Proof } from './proof';
import { command } from './shell';
import { TRUSTED_ROOT_FILE, type TrustFacts } from './trust-files';

/** Commands that verify one thing, and why. */
export interface CommandBlock {
  readonly caption: string;
  readonly commands: readonly string[];
}

/** The commands of one client, and what it cannot verify of this export. */
export interface VerifierCommands {
  readonly blocks: readonly CommandBlock[];
  readonly gaps: readonly string[];
}

type Options = readonly (readonly string[])[];

export function captionOf({ purpose, platform, format }: Proof): string {
  const of = platform === undefined ? 'the image' : platform;
  return `${purpose === 'signature' ? 'Signature' : 'Provenance'} of ${of} (${format})`;
}

/** A proof with a bundle, which the command of a client reads. */
export type BundledProof = Proof & { readonly files: { readonly bundle: string } };

const hasBundle = (proof: Proof): proof is BundledProof => proof.files.bundle !== undefined;

/**
 * Collects the commands of one client for each proof.
 *
 * @param gapOf why the client cannot verify a proof; `undefined` if it can
 * @param withoutBundle the reason for a proof that has no bundle
 */
export function verifierCommands(
  proofs: readonly Proof[],
  commandsOf: (proof: BundledProof) => readonly string[],
  gapOf: (proof: Proof) => string | undefined,
  withoutBundle = 'it has no bundle',
): VerifierCommands {
  const gaps: string[] = [];
  const blocks = proofs.flatMap((proof): CommandBlock[] => {
    const caption = captionOf(proof);
    const gap = gapOf(proof);
    if (gap === undefined && hasBundle(proof)) return [{ caption, commands: commandsOf(proof) }];
    gaps.push(`${caption}: ${gap ?? withoutBundle}.`);
    return [];
  });
  return { blocks, gaps };
}

/** Returns the options of cosign for the signer and for what the signature contains. */
export function cosignTrust(proof: Proof, facts: TrustFacts | undefined): Options {
  const { signer, files, timestamped } = proof;
  const converted = proof.format === 'legacy' && files.envelope !== undefined;
  const stamped = timestamped && facts?.timestampAuthorities === true && !converted;
  return [
    ...(signer.kind === 'key'
      ? [['--key', files.publicKey ?? '']]
      : [
          ['--certificate-identity', signer.identity],
          ['--certificate-oidc-issuer', signer.issuer],
        ]),
    facts === undefined ? [] : ['--trusted-root', TRUSTED_ROOT_FILE],
    proof.logged && facts?.logs === true ? [] : ['--insecure-ignore-tlog'],
    stamped ? ['--use-signed-timestamps'] : [],
    signer.kind === 'keyless' && facts?.certificateLogs !== true ? ['--insecure-ignore-sct'] : [],
  ];
}

/** The signed payload names the digest, which `verify-blob` does not compare with an image. */
function payloadChecks({ subject, files }: Proof): readonly string[] {
  return [
    `grep -E '"docker-manifest-digest": *"${subject}"' ${files.payload}`,
    `echo '${hexOf(subject)}  ${files.manifest}' | sha256sum --check`,
  ];
}

/** cosign: every signature and provenance by its bundle. */
export function cosignCommands(
  proofs: readonly Proof[],
  facts: TrustFacts | undefined,
): VerifierCommands {
  const commandsOf = (proof: BundledProof): readonly string[] => {
    const { bundle, payload, manifest } = proof.files;
    const options = [['--bundle', bundle], ...cosignTrust(proof, facts)];
    if (payload !== undefined)
      return [command('cosign verify-blob', ...options, [payload]), ...payloadChecks(proof)];
    return [
      command(
        'cosign verify-blob-attestation',
        ...options,
        ['--type', proof.predicateType ?? ''],
        [manifest],
      ),
    ];
  };
  const withoutBundle = 'its timestamp has no equivalent in a bundle';
  return verifierCommands(proofs, commandsOf, () => undefined, withoutBundle);
}

/** The verification program that sigstore-go publishes with its examples. */
export const SIGSTORE_GO_PROGRAM = 'sigstore-go-verification';

/** sigstore-go: everything with a log entry or a timestamp. */
export function sigstoreGoCommands(
  proofs: readonly Proof[],
  facts: TrustFacts | undefined,
): VerifierCommands {
  const commandsOf = (proof: BundledProof): readonly string[] => {
    const { signer, files } = proof;
    const logged = proof.logged && facts?.logs === true;
    const certified = signer.kind === 'keyless' && facts?.certificateLogs === true;
    const verify = command(
      SIGSTORE_GO_PROGRAM,
      ['-trustedrootJSONpath', TRUSTED_ROOT_FILE],
      ...(signer.kind === 'key'
        ? [['-publicKey', files.publicKey ?? '']]
        : [
            ['-expectedSAN', signer.identity],
            ['-expectedIssuer', signer.issuer],
          ]),
      logged ? [] : ['-requireTlog=false'],
      certified ? [] : ['-requireCTlog=false'],
      ['-artifact', files.payload ?? files.manifest],
      [files.bundle],
    );
    return [verify, ...(files.payload === undefined ? [] : payloadChecks(proof))];
  };
  return verifierCommands(proofs, commandsOf, (proof) => sigstoreGoGap(proof, facts));
}

function sigstoreGoGap(proof: Proof, facts: TrustFacts | undefined): string | undefined {
  const { signer, loggedTime, timestamped } = proof;
  const timed =
    (loggedTime && facts?.logs === true) || (timestamped && facts?.timestampAuthorities === true);
  if (!timed)
    return `${SIGSTORE_GO_PROGRAM} requires a time that a log or a timestamp authority of the trusted root signed`;
  if (signer.kind === 'key' && publicKeyFromPem(signer.publicKey).algorithm !== 'ecdsa-p256-sha256')
    return `${SIGSTORE_GO_PROGRAM} verifies ECDSA keys only`;
  return undefined;
}
