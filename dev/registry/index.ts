import { Authority } from './auth';
import type { RegistryContext } from './context';
import type { RecordedRequest } from './exchange';
import { answer, answerAside } from './routes';
import { listen } from './server';
import { defaultSettings, type RegistrySettings } from './settings';
import { RegistryStore } from './store';
import { makeCertificate } from './tls';
import { Uploads } from './uploads';
import { Visibility } from './visibility';

export type { Fault, RecordedRequest, RegistryRequest, RegistryResponse } from './exchange';
export type { AuthSettings, BearerSettings, RegistrySettings } from './settings';
export { RegistryStore, sha256, type StoredManifest } from './store';
export { makeCertificate, type TestCertificate } from './tls';

export interface StartRegistryOptions {
  /** Loopback port; default: a free one. */
  readonly port?: number;
  /** Serves https, with a certificate of its own authority (`ca`). Default off. */
  readonly tls?: boolean;
  /** Also stores the content in this folder, and loads existing content from it. Default: memory only. */
  readonly folder?: string;
  /** Initial settings. */
  readonly settings?: Partial<RegistrySettings>;
}

export interface RunningRegistry {
  /** `127.0.0.1:PORT`, the first part of an image reference. */
  readonly host: string;
  /** `http(s)://127.0.0.1:PORT`. */
  readonly url: string;
  /** `127.0.0.1:PORT` of the second origin (blob store, token service at `/token`). */
  readonly sideHost: string;
  readonly sideUrl: string;
  /** PEM of the authority, with `tls`. */
  readonly ca: string | undefined;
  /** All requests since the start or the last `clearRequests()`, in the order of their responses. */
  readonly requests: readonly RecordedRequest[];
  clearRequests(): void;
  /** May be changed at any time. */
  readonly settings: RegistrySettings;
  /** The content; tests may read and change it. */
  readonly store: RegistryStore;
  close(): Promise<void>;
}

/**
 * An OCI registry for the demo and the tests, which implements distribution-spec 1.1, on
 * 127.0.0.1 only.
 *
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md
 */
export async function startRegistry(options: StartRegistryOptions = {}): Promise<RunningRegistry> {
  const settings = { ...defaultSettings(), ...options.settings };
  const store = new RegistryStore(options.folder);
  const certificate = options.tls ? await makeCertificate() : undefined;
  const requests: RecordedRequest[] = [];
  const authority = new Authority();
  const scheme = certificate ? 'https' : 'http';
  const context = { settings, store, uploads: new Uploads(), visibility: new Visibility() };
  const origins = { origin: '', sideOrigin: '' };
  const full = (): RegistryContext => ({ ...context, ...origins });

  const main = await listen(
    options.port ?? 0,
    certificate,
    async (request) => (await settings.faults?.(request)) ?? answer(full(), authority, request),
    (request) => requests.push({ ...request, server: 'registry' }),
  );
  const side = await listen(
    0,
    certificate,
    async (request) => answerAside(full(), authority, request),
    (request) => requests.push({ ...request, server: 'side' }),
  );
  origins.origin = `${scheme}://${main.host}`;
  origins.sideOrigin = `${scheme}://${side.host}`;

  return {
    host: main.host,
    url: origins.origin,
    sideHost: side.host,
    sideUrl: origins.sideOrigin,
    ca: certificate?.ca,
    requests,
    clearRequests: () => requests.splice(0),
    settings,
    store,
    close: async () => {
      await Promise.all([main.close(), side.close()]);
    },
  };
}
