import { isPublicService, serviceUrlFault } from '../http/service-url';
import {
  type IsUnknown,
  type Report,
  type SigningInputs,
  type SigstoreConfig,
  TRANSPARENCY_MODES,
} from './signing-inputs';

const SERVICES = [
  { name: 'fulcioUrl', carriesSecret: true },
  { name: 'rekorUrl', carriesSecret: false },
  { name: 'tsaUrl', carriesSecret: false },
] as const;

function checkAddresses(sigstore: SigstoreConfig, isUnknown: IsUnknown, report: Report): void {
  for (const { name, carriesSecret } of SERVICES) {
    const url = sigstore[name];
    const fault = url === undefined ? undefined : serviceUrlFault(url, { carriesSecret });
    if (fault !== undefined && !isUnknown(`sigstore.${name}`)) report(`sigstore.${name}`, fault);
  }
}

function checkLogVersion(
  { rekorVersion = 1, rekorUrl }: SigstoreConfig,
  isUnknown: IsUnknown,
  report: Report,
): void {
  if (isUnknown('sigstore.rekorVersion')) return;
  if (rekorVersion !== 1 && rekorVersion !== 2) {
    report('sigstore.rekorVersion', 'must be 1 or 2');
  } else if (rekorVersion === 2 && rekorUrl === undefined && !isUnknown('sigstore.rekorUrl')) {
    report(
      'sigstore.rekorVersion',
      'Rekor v2 does not have a permanent public address: set sigstore.rekorUrl to the log',
    );
  }
}

/** Reports inputs that contradict the content of a file: one of them would be ignored. */
function checkFiles(sigstore: SigstoreConfig, isUnknown: IsUnknown, report: Report): void {
  const { signingConfig, clientTrustConfig } = sigstore;
  const file = clientTrustConfig === undefined ? 'signingConfig' : 'clientTrustConfig';
  const source = sigstore[file];
  if (source === undefined || isUnknown(`sigstore.${file}`)) return;
  if (source.trim() === '') report(`sigstore.${file}`, 'is empty');
  const contradict = (name: keyof SigstoreConfig, content: string): void => {
    if (sigstore[name] === undefined) return;
    report(
      `sigstore.${name}`,
      `contradicts sigstore.${file}, which ${content}; leave one of them out`,
    );
  };
  for (const name of ['fulcioUrl', 'rekorUrl', 'rekorVersion', 'tsaUrl'] as const) {
    contradict(name, 'lists the services');
  }
  if (clientTrustConfig === undefined) return;
  if (signingConfig !== undefined) contradict('signingConfig', 'contains a signing config');
  contradict('trustedRoot', 'contains a trusted root');
}

/** Reports what is wrong with the services. */
export function checkServices(
  { sigstore = {} }: SigningInputs,
  isUnknown: IsUnknown,
  report: Report,
): void {
  checkAddresses(sigstore, isUnknown, report);
  checkLogVersion(sigstore, isUnknown, report);
  checkFiles(sigstore, isUnknown, report);
}

function checkPrivateLog(rekorUrl: string | undefined, report: Report): void {
  if (rekorUrl === undefined) {
    report('transparency', '"private" needs a log of your own: set sigstore.rekorUrl');
  } else if (isPublicService(rekorUrl)) {
    report(
      'transparency',
      '"private" contradicts sigstore.rekorUrl, which is the public log; use "public"',
    );
  }
}

/** A certificate is valid for minutes: a log or a timestamp must prove that the signature was made in that time. */
function checkTime(config: SigningInputs, isUnknown: IsUnknown, report: Report): void {
  const { keyless, transparency, sigstore = {} } = config;
  if (keyless === undefined || sigstore.tsaUrl !== undefined) return;
  if (isUnknown('sigstore.tsaUrl', 'transparency')) return;
  if (transparency === 'none') {
    report(
      'transparency',
      'a keyless signature without log and timestamp cannot be verified once its certificate has expired ' +
        '(ten minutes); set sigstore.tsaUrl or use a log',
    );
  } else if (sigstore.rekorVersion === 2 && !isUnknown('sigstore.rekorVersion')) {
    report(
      'sigstore.tsaUrl',
      'is required for keyless: Rekor v2 does not record when a signature was made, and the certificate is valid for minutes',
    );
  }
}

/** Whether a file lists the services; its content is checked when it is loaded. */
function isConfiguredByFile({ signingConfig, clientTrustConfig }: SigstoreConfig): boolean {
  return signingConfig !== undefined || clientTrustConfig !== undefined;
}

/** Reports what is wrong with `transparency` for the configured services. */
export function checkTransparency(
  config: SigningInputs,
  isUnknown: IsUnknown,
  report: Report,
): void {
  const { transparency, sigstore = {} } = config;
  const isKnown = transparency !== undefined && !isUnknown('transparency');
  if (isKnown && !TRANSPARENCY_MODES.includes(transparency)) {
    report('transparency', `must be one of ${TRANSPARENCY_MODES.join(', ')}`);
  }
  const files = ['sigstore.signingConfig', 'sigstore.clientTrustConfig'];
  if (isConfiguredByFile(sigstore) || isUnknown(...files)) return;
  if (isKnown && transparency === 'private' && !isUnknown('sigstore.rekorUrl')) {
    checkPrivateLog(sigstore.rekorUrl, report);
  }
  checkTime(config, isUnknown, report);
}
