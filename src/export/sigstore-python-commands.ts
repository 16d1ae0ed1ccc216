import type { CertificateIdentity } from '../sigstore/certificate-identity';
import type { Proof } from './proof';
import { command, quoted } from './shell';
import { CLIENT_TRUST_FILE, type TrustFacts } from './trust-files';
import { captionOf, type CommandBlock, type VerifierCommands } from './verifier-commands';

/** sigstore-python: keyless signatures with an inclusion proof. */
export function sigstorePythonCommands(
  proofs: readonly Proof[],
  facts: TrustFacts | undefined,
): VerifierCommands {
  const gaps: string[] = [];
  const blocks = proofs.flatMap((proof): CommandBlock[] => {
    const { signer, files } = proof;
    const gap = sigstorePythonGap(proof, facts);
    if (gap !== undefined || signer.kind === 'key' || files.bundle === undefined) {
      gaps.push(`${captionOf(proof)}: ${gap ?? 'it has no bundle'}.`);
      return [];
    }
    if (proof.namedSubjects !== true)
      return [
        { caption: captionOf(proof), commands: [statementProgram(proof, files.bundle, signer)] },
      ];
    const verify = command(
      `sigstore --trust-config ${CLIENT_TRUST_FILE} verify identity --offline`,
      ['--bundle', files.bundle],
      ['--cert-identity', signer.identity],
      ['--cert-oidc-issuer', signer.issuer],
      [files.manifest],
    );
    return [{ caption: captionOf(proof), commands: [verify] }];
  });
  return { blocks, gaps };
}

function sigstorePythonGap(
  { signer, inclusionProof }: Proof,
  facts: TrustFacts | undefined,
): string | undefined {
  if (signer.kind === 'key') return 'sigstore-python verifies certificates only, not keys';
  if (!inclusionProof) return 'it has no inclusion proof, which sigstore-python requires';
  if (facts?.certificateLogs !== true)
    return 'the trusted root has no certificate transparency log, which sigstore-python requires';
  return undefined;
}

/**
 * The program `sigstore` requires a name of each subject, which statements of `cosign sign` do not have: its library
 * verifies them.
 */
function statementProgram(
  { files, predicateType = '' }: Proof,
  bundle: string,
  { identity, issuer }: CertificateIdentity,
): string {
  const values = [bundle, files.manifest, predicateType, identity, issuer].map(quoted);
  return `python3 - ${values.join(' \\\n  ')} <<'END'
import hashlib, json, sys
from pathlib import Path
from sigstore.models import Bundle, ClientTrustConfig
from sigstore.verify import Verifier
from sigstore.verify.policy import Identity

bundle, manifest, predicate_type, identity, issuer = sys.argv[1:]
trust = ClientTrustConfig.from_json(Path("${CLIENT_TRUST_FILE}").read_text())
payload_type, payload = Verifier(trusted_root=trust.trusted_root).verify_dsse(
    Bundle.from_json(Path(bundle).read_bytes()), Identity(identity=identity, issuer=issuer)
)
statement = json.loads(payload)
digest = hashlib.sha256(Path(manifest).read_bytes()).hexdigest()
if payload_type != "application/vnd.in-toto+json" or statement["predicateType"] != predicate_type:
    sys.exit("FAIL: another type of statement")
if digest not in [subject["digest"].get("sha256") for subject in statement["subject"]]:
    sys.exit("FAIL: a statement about another manifest")
print("OK:", manifest)
END`;
}
