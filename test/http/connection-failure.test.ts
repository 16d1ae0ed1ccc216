import { ConnectionFailure } from '../../src/http/connection-failure';

it.each<[string, string, boolean]>([
  ['ECONNREFUSED', 'REGISTRY_UNAVAILABLE', true],
  ['ECONNRESET', 'REGISTRY_UNAVAILABLE', true],
  ['EPIPE', 'REGISTRY_UNAVAILABLE', true],
  ['ETIMEDOUT', 'REGISTRY_UNAVAILABLE', true],
  ['EAI_AGAIN', 'REGISTRY_UNAVAILABLE', true],
  ['ENOTFOUND', 'REGISTRY_UNAVAILABLE', false],
  ['HPE_INVALID_CHUNK_SIZE', 'REGISTRY_UNAVAILABLE', true],
  ['HPE_HEADER_OVERFLOW', 'REGISTRY_UNAVAILABLE', false],
  ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'REGISTRY_UNAVAILABLE', false],
  ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', 'REGISTRY_UNAVAILABLE', false],
  ['ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR', 'REGISTRY_UNAVAILABLE', true],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'REGISTRY_INSECURE', false],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'REGISTRY_INSECURE', false],
  ['CERT_HAS_EXPIRED', 'REGISTRY_INSECURE', false],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'REGISTRY_INSECURE', false],
  ['INVALID_PURPOSE', 'REGISTRY_INSECURE', false],
])('%s is %s, and a retry may help: %p', (cause, code, transient) => {
  const url = new URL('https://registry.example/v2/');
  const failure = new ConnectionFailure(url, Object.assign(new Error('failed'), { code: cause }));
  expect([failure.code, failure.transient, failure.stale]).toEqual([code, transient, false]);
});
