import { type RecordingProxy, startRecordingProxy } from '../../dev/proxy';
import { loadKeySigner } from '../../src/key';
import { failureOf } from '../sign/support/failure';
import { everythingIn, testHost } from '../sign/support/host';

const PASSWORD = 'canary-proxy-word';

let proxy: RecordingProxy;
beforeEach(async () => {
  proxy = await startRecordingProxy({ credentials: 'builder:another' });
});
afterEach(() => proxy.close());

const SERVICES: readonly (readonly [string, string, Readonly<Record<string, string>>])[] = [
  [
    'Vault',
    'hashivault://release',
    { VAULT_ADDR: 'https://vault.example.test', VAULT_TOKEN: 'canary-vault-token' },
  ],
  [
    'GitLab',
    'gitlab://team/app',
    { GITLAB_HOST: 'https://gitlab.example.test', GITLAB_TOKEN: 'canary-gitlab-token' },
  ],
];

describe.each(SERVICES)('%s', (_, ref, settings) => {
  const failureWith = async (address: string) => {
    const env = { ...settings, HTTPS_PROXY: address };
    const error = await failureOf(loadKeySigner({ ref }, testHost({ env })));
    expect(everythingIn(error)).not.toContain(PASSWORD);
    return error;
  };

  it('names the proxy that refused the connection', async () => {
    const error = await failureWith(proxy.url.replace('//', `//builder:${PASSWORD}@`));
    expect(error.code).toBe('KEY_SERVICE_FAILED');
    expect(error.message).toContain(`the proxy ${proxy.host} (\`HTTPS_PROXY\`) refused`);
  });

  it('names the proxy that cannot be reached', async () => {
    await proxy.close();
    const error = await failureWith(proxy.url);
    expect(error.code).toBe('KEY_SERVICE_FAILED');
    expect(error.message).toContain(`the proxy ${proxy.host} (\`HTTPS_PROXY\`) could not be used`);
  });

  it('reports a proxy address that cannot be used', async () => {
    const error = await failureWith(`socks5://builder:${PASSWORD}@127.0.0.1:9`);
    expect(error.code).toBe('KEY_SERVICE_FAILED');
    expect(error.message).toContain('is a SOCKS proxy');
  });
});
