import { expectedIdentity, loadKeySigner } from '../../../sign';
import type { DeclaredSigning } from './declared-signing';
import type { PluginEnvironment } from '../environment';
import { UNKNOWN, type Value } from '../protocol/wire-value';

/**
 * Who will sign, as far as it is known before anything is signed: the public half of a key (the
 * same wherever the key lies, so a key that only moved makes no new signature); of an identity what a
 * stored token says of it, without the branch, so that another account or workflow is a change and
 * another run is none; else only that it is one.
 */
export async function declaredSigner(
  { config }: DeclaredSigning,
  { host }: PluginEnvironment,
): Promise<Value> {
  if (config.keyless) {
    const expected = await expectedIdentity(config.keyless, host);
    return { kind: 'keyless', ...expected };
  }
  if (!config.key?.ref) return UNKNOWN;
  try {
    const { publicKey } = await loadKeySigner(config.key, host);
    return { kind: 'key', keyId: publicKey.keyId, publicKey: publicKey.pem };
  } catch {
    // It is among the problems already, or waits for a password that is not known yet.
    return UNKNOWN;
  }
}
