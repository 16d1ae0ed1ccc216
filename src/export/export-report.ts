import type { SignerDescription } from '../sign';
import type { ExportResult } from './export-image';
import type { Proof } from './proof';

function signerText(signer: SignerDescription): string {
  return signer.kind === 'key'
    ? `key sha256:${signer.keyId}`
    : `${JSON.stringify(signer.identity)} of ${JSON.stringify(signer.issuer)}`;
}

/** Platforms come from the registry: without line breaks and terminal control characters. */
function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');
}

function proofLine({ purpose, platform, format, signer, logged, timestamped }: Proof): string {
  const where = platform === undefined ? 'image' : plain(platform);
  const witnesses = [...(logged ? ['log entry'] : []), ...(timestamped ? ['timestamp'] : [])];
  const more = witnesses.length === 0 ? '' : `, ${witnesses.join(', ')}`;
  return `  ${purpose} of ${where} (${format}): ${signerText(signer)}${more}`;
}

/** Formats the result of an export as text. */
export function exportText({ imageRef, output, proofs, notVerified }: ExportResult): string {
  const others =
    notVerified.length === 0
      ? []
      : [`  ${notVerified.length} other stored objects are in the OCI layout only, not verified`];
  return [
    `verified and exported ${imageRef} to ${output}`,
    ...proofs.map(proofLine),
    ...others,
    `  ${output}/README.md has the commands that verify it without a network`,
  ].join('\n');
}
