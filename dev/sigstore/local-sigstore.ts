import { writeFile } from 'node:fs/promises';

import { createCertificateAuthority } from './certificate-authority';
import { type FulcioSettings, createFulcio } from './fulcio';
import {
  type Fault,
  type Handler,
  type HttpService,
  type RecordedRequest,
  type ServiceName,
  startHttpService,
} from './http-service';
import { type OidcIssuer, createOidcIssuer } from './oidc-issuer';
import { type RekorSettings, createRekor } from './rekor';
import { createRekorV2 } from './rekor-v2';
import {
  TIMESTAMP_PATH,
  type TimestampSettings,
  createTimestampAuthority,
} from './timestamp-authority';
import { type LoggedEntry, TransparencyLog } from './transparency-log';
import {
  type SigningConfigJson,
  type TrustParts,
  type TrustedRootJson,
  type Witnesses,
  signingConfigOf,
  trustedRootOf,
} from './trust-material';

/** Settings of the services; may be changed while they run. */
export interface SigstoreSettings {
  readonly fulcio: FulcioSettings;
  readonly rekor: RekorSettings;
  readonly tsa: TimestampSettings;
  /** Faults by service; delete one to end the fault. */
  readonly faults: { [name in ServiceName]?: Fault };
}

export interface SigstoreOptions {
  readonly fulcio?: Partial<FulcioSettings>;
  readonly rekor?: Partial<RekorSettings>;
  readonly tsa?: Partial<TimestampSettings>;
}

/** A Sigstore instance on the loopback interface, with new keys. */
export interface RunningSigstore {
  readonly issuer: OidcIssuer;
  readonly fulcioUrl: string;
  /** Rekor v1. */
  readonly rekorUrl: string;
  readonly rekorV2Url: string;
  /** The URL for requests, including the path. */
  readonly tsaUrl: string;
  /** The trusted root of all services. */
  readonly trustedRoot: TrustedRootJson;
  writeTrustedRoot(path: string): Promise<void>;
  /** A signing config for `cosign sign --signing-config`. Default: Rekor v1 and timestamp. */
  signingConfig(use?: Partial<Witnesses>): SigningConfigJson;
  /** Every request so far, oldest first. */
  readonly requests: readonly RecordedRequest[];
  readonly settings: SigstoreSettings;
  /** The entries of Rekor v1. */
  readonly log: { readonly entries: readonly LoggedEntry[] };
  /** The entry bodies of Rekor v2. */
  readonly logV2: { readonly entries: readonly Buffer[]; append(leaf: Buffer): number };
  close(): Promise<void>;
}

const HOUR = 3_600_000;
/** The origin of a log in its checkpoints, which verifiers compare with the log's URL. */
const ORIGIN = '127.0.0.1';

export async function startSigstore(options: SigstoreOptions = {}): Promise<RunningSigstore> {
  const settings: SigstoreSettings = {
    fulcio: { sct: true, lifetimeMinutes: 10, ...options.fulcio },
    rekor: { clockOffset: 0, promise: true, ...options.rekor },
    tsa: { clockOffset: 0, ...options.tsa },
    faults: {},
  };
  const requests: RecordedRequest[] = [];
  const services: HttpService[] = [];
  const start = async (name: ServiceName, handler: Handler): Promise<string> => {
    const fault = () => settings.faults[name];
    const service = await startHttpService({
      name,
      handler,
      fault,
      record: (r) => requests.push(r),
    });
    services.push(service);
    return service.url;
  };
  const close = async () => {
    await Promise.all(services.map((service) => service.close()));
  };

  try {
    const [authority, timestamps] = await Promise.all([
      createCertificateAuthority(),
      createTimestampAuthority(settings.tsa),
    ]);
    const log = new TransparencyLog();
    const oidc = createOidcIssuer();
    const issuer = oidc.at(await start('issuer', oidc.handler));
    const fulcioUrl = await start('fulcio', createFulcio(authority, issuer, settings.fulcio));
    const rekorUrl = await start('rekor', createRekor(log, ORIGIN, settings.rekor));
    const logV2 = createRekorV2(ORIGIN);
    const rekorV2Url = await start('rekor-v2', logV2.handler);
    const tsaUrl = `${await start('tsa', timestamps.handler)}${TIMESTAMP_PATH}`;
    const parts: TrustParts = {
      fulcioUrl,
      fulcioChain: authority.chain,
      ctLogPublicKey: authority.ctLogPublicKey,
      rekorUrl,
      rekorPublicKey: log.publicKey,
      rekorV2Url,
      rekorV2PublicKey: logV2.publicKey,
      rekorV2LogId: logV2.logId,
      tsaUrl,
      tsaChain: timestamps.chain,
      issuerUrl: issuer.url,
      validFrom: new Date(Date.now() - 24 * HOUR),
    };
    const trustedRoot = trustedRootOf(parts);
    return {
      issuer,
      fulcioUrl,
      rekorUrl,
      rekorV2Url,
      tsaUrl,
      trustedRoot,
      writeTrustedRoot: (path) => writeFile(path, `${JSON.stringify(trustedRoot, null, 2)}\n`),
      signingConfig: ({ rekor = 1, tsa = true } = {}) => signingConfigOf(parts, { rekor, tsa }),
      requests,
      settings,
      log,
      logV2,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
