import type { SignerDescription } from '../../../sign';
import type { SignerOutput } from '../../resources/signature-outputs';
import { InputReader } from '../inputs/input-reader';
import type { Properties } from '../protocol/wire-value';

/** Why all is signed again, where another signer did it before; `undefined`: the same one did. */
export function formerSigner(outputs: Properties, signer: SignerDescription): string | undefined {
  const former = new InputReader(outputs['signer']).json() as SignerOutput | undefined;
  if (!former || nameOf(former) === nameOf(signer)) return undefined;
  return `signed so far by ${nameOf(former)}; from now on ${nameOf(signer)} signs`;
}

function nameOf({ keyId, identity }: { readonly keyId?: string; readonly identity?: string }) {
  return keyId === undefined ? (identity ?? 'an identity') : `key sha256:${keyId.slice(0, 12)}`;
}
