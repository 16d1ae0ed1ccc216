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
  const gaps: string[] = [];
  const blocks = proofs.flatMap((proof): CommandBlock[] => {
    const { bundle, payload, manifest } = proof.files;
    if (bundle === undefined) {
      gaps.push(`${captionOf(proof)}: its timestamp has no equivalent in a bundle.`);
      return [];
    }
    const options = [['--bundle', bundle], ...cosignTrust(proof, facts)];
    const commands =
      payload === undefined
        ? [
            command(
              'cosign verify-blob-attestation',
              ...options,
              ['--type', proof.predicateType ?? ''],
              [manifest],
            ),
          ]
        : [command('cosign verify-blob', ...options, [payload]), ...payloadChecks(proof)];
    return [{ caption: captionOf(proof), commands }];
  });
  return { blocks, gaps };
}

/** The verification program that sigstore-go publishes with its examples. */
export const SIGSTORE_GO_PROGRAM = 'sigstore-go-verification';

/** sigstore-go: everything with a log entry or a timestamp. */
export function sigstoreGoCommands(
  proofs: readonly Proof[],
  facts: TrustFacts | undefined,
): VerifierCommands {
  const gaps: string[] = [];
  const blocks = proofs.flatMap((proof): CommandBlock[] => {
    const { signer, files } = proof;
    const gap = sigstoreGoGap(proof, facts);
    if (gap !== undefined || files.bundle === undefined) {
      gaps.push(`${captionOf(proof)}: ${gap ?? 'it has no bundle'}.`);
      return [];
    }
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
    const more = files.payload === undefined ? [] : payloadChecks(proof);
    return [{ caption: captionOf(proof), commands: [verify, ...more] }];
  });
  return { blocks, gaps };
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
