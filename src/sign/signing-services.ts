import type { SigningConfig as InstanceConfig } from '@sigstore/protobuf-specs';

import { SignedImageError, asSignedImageError } from '../error';
import type { SigningHost } from './signing-host';
import { isPublicService } from '../http/service-url';
import {
  type SigningInputs,
  type SigningServices,
  type TransparencyMode,
  signingServices,
} from './signing-inputs';
import type { LogService } from '../sigstore';
import { loadClientTrust, loadSigningConfig } from '../trust/client-trust-json';
import { selectServices } from '../trust/service-selection';

/** A file that lists the services, and its input property. */
interface Declared {
  readonly config: InstanceConfig;
  readonly property: string;
}

async function declaredConfig(
  { sigstore = {} }: SigningInputs,
  host: Pick<SigningHost, 'readFile'>,
): Promise<Declared | undefined> {
  const { signingConfig, clientTrustConfig } = sigstore;
  if (signingConfig !== undefined) {
    const config = await loadSigningConfig(signingConfig, host);
    return { config, property: 'sigstore.signingConfig' };
  }
  if (clientTrustConfig === undefined) return undefined;
  const { signingConfig: config } = await loadClientTrust(clientTrustConfig, host);
  return { config, property: 'sigstore.clientTrustConfig' };
}

function invalid(message: string): SignedImageError {
  return new SignedImageError({ code: 'INPUT_INVALID', message });
}

function authorityOf({ config }: Declared, now: Date): string {
  const list = { name: 'caUrls', services: config.caUrls, versions: [1] };
  const [authority] = selectServices(list, now);
  if (authority) return authority.url;
  throw invalid(
    'the signing config does not list a certificate authority (caUrls), which keyless signing requires',
  );
}

function configurationOf({ config }: Declared, name: 'rekorTlogConfig' | 'tsaConfig') {
  return { name, value: config[name] ?? { selector: 0, count: 0 } };
}

function logsOf(declared: Declared, now: Date): readonly LogService[] {
  const selected = selectServices(
    {
      name: 'rekorTlogUrls',
      services: declared.config.rekorTlogUrls,
      configuration: configurationOf(declared, 'rekorTlogConfig'),
      versions: [1, 2],
    },
    now,
  );
  const { property } = declared;
  return selected.map(({ url, majorApiVersion }) => ({
    url,
    version: majorApiVersion === 2 ? 2 : 1,
    property,
  }));
}

function authoritiesOf(declared: Declared, now: Date): SigningServices['authorities'] {
  const selected = selectServices(
    {
      name: 'tsaUrls',
      services: declared.config.tsaUrls,
      configuration: configurationOf(declared, 'tsaConfig'),
      versions: [1],
    },
    now,
  );
  return selected.map(({ url }) => ({ url, property: declared.property }));
}

function transparencyOf(
  logs: readonly LogService[],
  declared: TransparencyMode | undefined,
): TransparencyMode {
  const isPublic = logs.some(({ url }) => isPublicService(url));
  if (declared === undefined) {
    if (logs.length === 0) return 'none';
    return isPublic ? 'public' : 'private';
  }
  if (logs.length === 0) {
    throw invalid(
      'the signing config does not list a transparency log, but transparency is not "none"',
    ).on('transparency');
  }
  if (declared === 'private' && isPublic) {
    throw invalid('"private" contradicts the signing config, which lists the public log').on(
      'transparency',
    );
  }
  return declared;
}

function checkTime(services: SigningServices): void {
  const { logs, authorities } = services;
  if (authorities.length > 0 || logs.some(({ version }) => version === 1)) return;
  throw invalid(
    'no service in the signing config records when a keyless signature was made (Rekor v2 does not), and its ' +
      'certificate is valid for minutes; add a timestamp authority (tsaUrls) to it',
  );
}

function servicesOf(declared: Declared, config: SigningInputs, now: Date): SigningServices {
  const logs = config.transparency === 'none' ? [] : logsOf(declared, now);
  const services: SigningServices = {
    fulcioUrl: config.keyless === undefined ? undefined : authorityOf(declared, now),
    fulcioProperty: declared.property,
    logs,
    authorities: authoritiesOf(declared, now),
    transparency:
      config.transparency === 'none' ? 'none' : transparencyOf(logs, config.transparency),
  };
  if (config.keyless !== undefined) checkTime(services);
  return services;
}

/**
 * Loads the services that a signing run uses: those that are configured by their addresses, or those
 * that a signing config selects at this time.
 *
 * @throws SignedImageError `INPUT_INVALID` on their input property, or on `transparency`
 */
export async function loadSigningServices(
  config: SigningInputs,
  host: Pick<SigningHost, 'readFile' | 'now'>,
): Promise<SigningServices> {
  const property =
    config.sigstore?.signingConfig === undefined
      ? 'sigstore.clientTrustConfig'
      : 'sigstore.signingConfig';
  try {
    const declared = await declaredConfig(config, host);
    return declared ? servicesOf(declared, config, host.now()) : signingServices(config);
  } catch (error) {
    throw asSignedImageError(error, {
      code: 'INPUT_INVALID',
      message: 'the signing config cannot be read',
    }).on(property);
  }
}
