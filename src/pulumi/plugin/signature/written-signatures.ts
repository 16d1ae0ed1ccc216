import type { StoredSignature } from '../../../sign';
import type { WrittenSignatureOutput } from '../../resources/signature-outputs';
import { InputReader } from '../inputs/input-reader';
import type { Properties } from '../protocol/wire-value';

/** Limits the size of the state: only the newest signatures are recorded. */
const MAX_WRITTEN_SIGNATURES = 1000;

/** Returns the signatures that a resource has written so far, from its state. */
export function previouslyWritten(outputs: Properties): readonly WrittenSignatureOutput[] {
  return (new InputReader(outputs['written']).json() ?? []) as readonly WrittenSignatureOutput[];
}

/** Adds signatures, without duplicates, oldest first. */
export function addWritten(
  before: readonly WrittenSignatureOutput[],
  signatures: readonly StoredSignature[],
): readonly WrittenSignatureOutput[] {
  const all = [...before, ...signatures.map(writtenSignature)];
  const once = new Map(all.map((entry) => [JSON.stringify(entry), entry]));
  return [...once.values()].slice(-MAX_WRITTEN_SIGNATURES);
}

function writtenSignature(signature: StoredSignature): WrittenSignatureOutput {
  const { subject, format, stored, bundle } = signature;
  // All statements are stored, and removed, alike.
  const purpose = signature.purpose === 'signature' ? 'signature' : 'provenance';
  const text = format === 'legacy' ? bundle.messageSignature?.signature : undefined;
  return { subject, purpose, format, stored, ...(text !== undefined && { signature: text }) };
}
