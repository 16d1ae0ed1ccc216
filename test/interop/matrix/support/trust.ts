import { createPublicKey, X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Stack } from '../../support/stack';

/** Files with the trust material of the Sigstore instance, in the forms that the verifiers read. */
export interface Trust {
  readonly trustedRoot: string;
  /** A `ClientTrustConfig`, for sigstore-python. */
  readonly clientTrust: string;
  /** PEM. */
  readonly rekorKey: string;
  readonly ctLogKey: string;
  readonly fulcioChain: string;
  readonly tsaChain: string;
}

const pemOfKey = (base64: string): string =>
  createPublicKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'spki' })
    .export({ format: 'pem', type: 'spki' })
    .toString();

interface CertificateJson {
  readonly rawBytes: string;
}

const pemOfChain = (chain: readonly CertificateJson[]): string =>
  chain
    .map(({ rawBytes }) => new X509Certificate(Buffer.from(rawBytes, 'base64')).toString())
    .join('');

/** The parts of a trusted root that are read here. */
interface RootJson {
  readonly tlogs: readonly { readonly publicKey: { readonly rawBytes: string } }[];
  readonly ctlogs: readonly { readonly publicKey: { readonly rawBytes: string } }[];
  readonly certificateAuthorities: readonly {
    readonly certChain: { readonly certificates: readonly CertificateJson[] };
  }[];
  readonly timestampAuthorities: RootJson['certificateAuthorities'];
}

export async function writeTrust({ folder, sigstore, trustedRoot }: Stack): Promise<Trust> {
  const root = sigstore.trustedRoot as unknown as RootJson;
  const write = async (name: string, text: string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, text);
    return path;
  };
  const client = {
    mediaType: 'application/vnd.dev.sigstore.clienttrustconfig.v0.1+json',
    trustedRoot: sigstore.trustedRoot,
    signingConfig: { mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json' },
  };
  return {
    trustedRoot,
    clientTrust: await write('client_trust_config.json', JSON.stringify(client)),
    rekorKey: await write('rekor.pub', pemOfKey(root.tlogs[0]!.publicKey.rawBytes)),
    ctLogKey: await write('ctlog.pub', pemOfKey(root.ctlogs[0]!.publicKey.rawBytes)),
    fulcioChain: await write(
      'fulcio.pem',
      pemOfChain(root.certificateAuthorities[0]!.certChain.certificates),
    ),
    tsaChain: await write(
      'tsa.pem',
      pemOfChain(root.timestampAuthorities[0]!.certChain.certificates),
    ),
  };
}
