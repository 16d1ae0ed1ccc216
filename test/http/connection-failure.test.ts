import { ConnectionFailure } from '../../src/http/connection-failure';
import { refusal, unreachable } from '../../src/http/proxy-error';

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

it.each(['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENOTFOUND', 'EAI_AGAIN'])(
  '%s names what to do next, once, for any service and for a proxy before it',
  (code) => {
    const cause = Object.assign(new Error('failed'), { code });
    const proxy = { url: new URL('http://proxy.example:3128'), source: 'HTTPS_PROXY' } as const;
    for (const from of [
      'https://registry.example/',
      'https://registry.example:5000/',
      'http://localhost:1/',
    ]) {
      const url = new URL(from);
      const { message } = new ConnectionFailure(url, cause);
      expect(message).toMatch(/; check |\(if it speaks /);
      const behind = new ConnectionFailure(url, unreachable(proxy as never, cause));
      expect(behind.message).toMatch(/check that it runs, or list \S+ in NO_PROXY$/);
    }
    const busy = new ConnectionFailure(
      new URL('https://registry.example/'),
      refusal(proxy as never, 'registry.example:443', 503),
    );
    expect(busy.message).toMatch(
      /\(503\); try again later, or exempt registry\.example:443 by `NO_PROXY`$/,
    );
  },
);
