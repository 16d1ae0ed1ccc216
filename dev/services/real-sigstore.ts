import { type KeyObject, X509Certificate, createHash, generateKeyPairSync } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { TrustedRootJson } from '../sigstore/trust-material';
import { type Isolated, answering, startIsolated } from './isolation';
import { programPath } from './program-path';

export interface RealSigstoreOptions {
  /** An OIDC issuer on this machine's loopback; its tokens identify people by e-mail address. */
  readonly issuerUrl: string;
  /** Further members of Fulcio's configuration: issuers of other kinds. */
  readonly fulcioConfig?: FulcioConfig;
}

/** https://github.com/sigstore/fulcio/blob/v1.8.8/pkg/config/config.go */
export interface FulcioConfig {
  readonly OIDCIssuers?: Readonly<Record<string, object>>;
  readonly CIIssuerMetadata?: Readonly<Record<string, object>>;
}

/** The real Fulcio, Rekor v2 (rekor-tiles on files) and timestamp authority. */
export interface RealSigstore {
  readonly fulcioUrl: string;
  readonly rekorV2Url: string;
  /** The full URL for requests. */
  readonly tsaUrl: string;
  readonly trustedRoot: TrustedRootJson;
  /**
   * The folder with the checkpoint and the tiles of Rekor v2. In production a web server or a bucket serves it under
   * the log's `api/v2`.
   */
  readonly tilesFolder: string;
  stop(): Promise<void>;
}

/** Fixed ports, because the network is separate. */
const PORTS = { fulcio: 5555, rekor: 3000, tsa: 3004 } as const;
/** The host of its address, which verifiers compare with the checkpoint's origin. */
const ORIGIN = '127.0.0.1';
const SPKI_HEAD = 12;

async function fulcio(folder: string, { issuerUrl, fulcioConfig = {} }: RealSigstoreOptions) {
  const config = join(folder, 'fulcio.json');
  // The JSON members have other names than those of the YAML file.
  const issuer = { IssuerURL: issuerUrl, ClientID: 'sigstore', Type: 'email' };
  const issuers = { ...fulcioConfig.OIDCIssuers, [issuerUrl]: issuer };
  await writeFile(config, JSON.stringify({ ...fulcioConfig, OIDCIssuers: issuers }));
  const flags = {
    ca: 'ephemeralca',
    'config-path': config,
    host: '127.0.0.1',
    port: String(PORTS.fulcio),
    'grpc-host': '127.0.0.1',
    'grpc-port': '5554',
    'metrics-port': '2113',
    'legacy-unix-domain-socket': join(folder, 'fulcio-legacy.sock'),
    // Without a certificate log: certificates do not have signed certificate timestamps.
    'ct-log-url': '',
  };
  return { file: programPath('services', 'fulcio'), args: ['serve', ...flagsOf(flags)] };
}

async function rekorTiles(folder: string, key: KeyObject) {
  const signer = join(folder, 'rekor.pem');
  await writeFile(signer, key.export({ format: 'pem', type: 'pkcs8' }));
  await mkdir(join(folder, 'tiles'));
  const flags = {
    hostname: ORIGIN,
    'storage-dir': join(folder, 'tiles'),
    'signer-filepath': signer,
    'http-port': String(PORTS.rekor),
    'grpc-port': '3001',
    'http-metrics-port': '2114',
    'checkpoint-interval': '1s',
    'batch-max-age': '100ms',
  };
  return { file: programPath('services', 'rekor-tiles'), args: ['serve', ...flagsOf(flags)] };
}

function timestampServer() {
  const flags = { host: '127.0.0.1', port: String(PORTS.tsa), 'timestamp-signer': 'memory' };
  const args = ['serve', ...flagsOf(flags), '--disable-ntp-monitoring'];
  return { file: programPath('services', 'timestamp-server'), args };
}

function flagsOf(flags: Readonly<Record<string, string>>): string[] {
  return Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
}

function chainOf(pem: string): { readonly certificates: readonly { rawBytes: string }[] } {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return {
    certificates: blocks.map((block) => ({
      rawBytes: new X509Certificate(block).raw.toString('base64'),
    })),
  };
}

async function textAt(url: string): Promise<string> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} responded with ${answer.status}`);
  return answer.text();
}

async function fulcioChain(url: string) {
  const bundle = JSON.parse(await textAt(`${url}/api/v2/trustBundle`)) as {
    readonly chains: readonly { readonly certificates: readonly string[] }[];
  };
  return chainOf((bundle.chains[0]?.certificates ?? []).join('\n'));
}

async function trustOf(
  { fulcioUrl, rekorV2Url, tsaUrl }: Pick<RealSigstore, 'fulcioUrl' | 'rekorV2Url' | 'tsaUrl'>,
  logKey: KeyObject,
): Promise<TrustedRootJson> {
  const validFor = { start: new Date(Date.now() - 3_600_000).toISOString() };
  const spki = logKey.export({ format: 'der', type: 'spki' });
  // https://github.com/C2SP/C2SP/blob/main/signed-note.md#signatures
  const note = Buffer.concat([Buffer.from(`${ORIGIN}\n`), Buffer.of(1), spki.subarray(SPKI_HEAD)]);
  const authority = (uri: string, commonName: string, certChain: ReturnType<typeof chainOf>) => ({
    subject: { organization: 'real sigstore', commonName },
    uri,
    certChain,
    validFor,
  });
  return {
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: [
      {
        baseUrl: rekorV2Url,
        hashAlgorithm: 'SHA2_256',
        publicKey: {
          rawBytes: spki.toString('base64'),
          keyDetails: 'PKIX_ED25519',
          validFor,
        },
        logId: { keyId: createHash('sha256').update(note).digest('base64') },
      },
    ],
    certificateAuthorities: [authority(fulcioUrl, 'fulcio', await fulcioChain(fulcioUrl))],
    ctlogs: [],
    timestampAuthorities: [authority(tsaUrl, 'tsa', chainOf(await textAt(`${tsaUrl}/certchain`)))],
  };
}

/**
 * Starts the real services in a separate network.
 *
 * @throws Error if they are not built (`node dev/tools/build.mjs services`) or do not start
 */
export async function startRealSigstore(options: RealSigstoreOptions): Promise<RealSigstore> {
  const { issuerUrl } = options;
  const log = generateKeyPairSync('ed25519');
  let tilesFolder = '';
  const isolated: Isolated<keyof typeof PORTS> = await startIsolated({
    ports: PORTS,
    reaches: [Number(new URL(issuerUrl).port)],
    prepare: async (folder) => {
      tilesFolder = join(folder, 'tiles');
      return [
        await fulcio(folder, options),
        await rekorTiles(folder, log.privateKey),
        timestampServer(),
      ];
    },
  });
  try {
    const { fulcio: fulcioUrl, rekor: rekorV2Url, tsa } = isolated.urls;
    await answering(`${fulcioUrl}/healthz`, isolated);
    await answering(`${rekorV2Url}/healthz`, isolated);
    await answering(`${tsa}/ping`, isolated);
    const addresses = { fulcioUrl, rekorV2Url, tsaUrl: `${tsa}/api/v1/timestamp` };
    const trustedRoot = await trustOf(addresses, log.publicKey);
    return { ...addresses, trustedRoot, tilesFolder, stop: isolated.stop };
  } catch (error) {
    await isolated.stop();
    throw error;
  }
}
