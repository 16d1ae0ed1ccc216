import type { RealSigstore } from './real-sigstore';

/**
 * The signing config of the services.
 *
 * https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_trustroot.proto
 */
export function signingConfigOf({ fulcioUrl, rekorV2Url, tsaUrl }: RealSigstore, issuer: string) {
  const validFor = { start: new Date(Date.now() - 3_600_000).toISOString() };
  const service = (url: string, majorApiVersion = 1) => ({
    url,
    majorApiVersion,
    validFor,
    operator: 'real.example',
  });
  return {
    mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json',
    caUrls: [service(fulcioUrl)],
    oidcUrls: [service(issuer)],
    rekorTlogUrls: [service(rekorV2Url, 2)],
    tsaUrls: [service(tsaUrl)],
    rekorTlogConfig: { selector: 'ANY' },
    tsaConfig: { selector: 'ANY' },
  };
}
