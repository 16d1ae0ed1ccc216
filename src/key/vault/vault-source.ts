import { SignedImageError } from '../../error';
import type { KeySource, RemoteKey } from '../backend';
import { connectTransit } from './transit-engine';

/** cosign's grammar: https://github.com/sigstore/sigstore pkg/signature/kms/hashivault/client.go */
const REFERENCE = /^(?:hashivault|openbao):\/\/(\w(?:[\w.-]*\w)?)$/;

function nameOf(ref: string): string {
  const name = REFERENCE.exec(ref)?.[1];
  if (name !== undefined) return name;
  throw new SignedImageError({
    code: 'KEY_REFERENCE_INVALID',
    message:
      'hashivault:// and openbao:// take only the name of a transit key, as in hashivault://release; ' +
      'set the address in VAULT_ADDR, and a mount path other than "transit" in TRANSIT_SECRET_ENGINE_PATH',
  });
}

function transitBackend(name: string): RemoteKey {
  // Address, mount and namespace come from the host's environment, so the name identifies the key.
  const description = `the transit key ${name}`;
  return {
    kind: 'service',
    description,
    async open(host) {
      const engine = await connectTransit(host);
      const key = await engine.fetchPublicKey(name);
      return {
        publicKey: key.publicKey,
        sign: ({ digest }) => engine.sign(name, key.version, digest),
      };
    },
  };
}

/** Keys in the transit engine of Vault or OpenBao, which speak the same protocol. */
export const vaultKeys: KeySource = {
  prefixes: ['hashivault://', 'openbao://'],
  example: 'hashivault://NAME',
  parse: (ref) => transitBackend(nameOf(ref)),
  async generate(ref, _request, host) {
    const name = nameOf(ref);
    const engine = await connectTransit(host);
    const { publicKey } = await engine.create(name);
    return {
      publicKey: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
      summary: `created the transit key ${name} (ECDSA P-256) at ${engine.where}`,
    };
  },
};
