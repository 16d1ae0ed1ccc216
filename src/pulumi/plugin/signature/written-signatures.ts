import type { StoredSignature } from '../../../sign';
import type { WrittenSignatureOutput } from '../../resources/signature-outputs';
import { InputReader } from '../inputs/input-reader';
import type { Properties } from '../protocol/wire-value';

/** A state does not grow for ever: of what was written long ago only the newest is remembered. */
const MOST_REMEMBERED = 1000;

/** What a resource wrote so far, by its state. */
export function writtenBefore(outputs: Properties): readonly WrittenSignatureOutput[] {
  return (new InputReader(outputs['written']).json() ?? []) as readonly WrittenSignatureOutput[];
}

/** The same and what was written since, each once, oldest first. */
export function writtenSince(
  before: readonly WrittenSignatureOutput[],
  signatures: readonly StoredSignature[],
): readonly WrittenSignatureOutput[] {
  const all = [...before, ...signatures.map(writtenSignature)];
  const once = new Map(all.map((entry) => [JSON.stringify(entry), entry]));
  return [...once.values()].slice(-MOST_REMEMBERED);
}

function writtenSignature(signature: StoredSignature): WrittenSignatureOutput {
  const { subject, purpose, format, stored, bundle } = signature;
  const text = format === 'legacy' ? bundle.messageSignature?.signature : undefined;
  return { subject, purpose, format, stored, ...(text !== undefined && { signature: text }) };
}
