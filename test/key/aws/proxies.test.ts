import { generateKeyPairSync } from 'node:crypto';

import { type AwsDouble, startAwsDouble } from '../../../dev/kms';
import { type RecordingProxy, startRecordingProxy } from '../../../dev/proxy';
import { loadKeySigner } from '../../../src/key';
import { failureOf } from '../../sign/support/failure';
import { everythingIn, testHost } from '../../sign/support/host';

const P256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

let aws: AwsDouble;
beforeEach(async () => {
  aws = await startAwsDouble();
  aws.keys.set('alias/team', { privateKey: P256 });
});
afterEach(() => aws.close());

const signerOf = (ref: string, env: Record<string, string>) =>
  loadKeySigner(
    { ref },
    testHost({
      env: {
        AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
        AWS_SECRET_ACCESS_KEY: 'canary-secret-access-key',
        AWS_REGION: 'eu-central-1',
        AWS_ENDPOINT_URL: aws.url,
        AWS_MAX_ATTEMPTS: '2',
        ...env,
      },
    }),
  );

describe('the proxies of AWS KMS follow the rules of every other service', () => {
  let proxy: RecordingProxy;
  beforeEach(async () => {
    const { port } = new URL(aws.url);
    proxy = await startRecordingProxy({ locate: () => `127.0.0.1:${port}` });
  });
  afterEach(() => proxy.close());

  const remote = 'http://kms.example.test';

  it('an endpoint on loopback never uses one', async () => {
    await signerOf('awskms:///alias/team', { HTTP_PROXY: proxy.url });
    expect(proxy.requests).toEqual([]);
  });

  it('plain http goes to it in absolute form, with its credentials', async () => {
    const user = 'builder:canary-proxy-word';
    const asking = await startRecordingProxy({
      credentials: user,
      locate: () => new URL(aws.url).host,
    });
    const url = asking.url.replace('//', `//${user}@`);
    await signerOf('awskms:///alias/team', { AWS_ENDPOINT_URL: remote, HTTP_PROXY: url });
    expect(asking.requests).toEqual([
      { method: 'POST', target: 'kms.example.test:80', refused: undefined },
    ]);
    expect(aws.calls[0]?.headers).not.toHaveProperty('proxy-authorization');
    await asking.close();
  });

  it('the variable in upper case counts', async () => {
    const env = { AWS_ENDPOINT_URL: remote, HTTP_PROXY: proxy.url, http_proxy: aws.url };
    await signerOf('awskms:///alias/team', env);
    expect(proxy.requests).toHaveLength(1);
  });

  it('an address without a scheme is an http proxy', async () => {
    await signerOf('awskms:///alias/team', { AWS_ENDPOINT_URL: remote, HTTP_PROXY: proxy.host });
    expect(proxy.requests).toHaveLength(1);
  });

  it('NO_PROXY exempts ranges', async () => {
    // Not a loopback address by Go's rules, and served by this machine.
    const AWS_ENDPOINT_URL = aws.url.replace('127.0.0.1', '0.0.0.0');
    const env = { AWS_ENDPOINT_URL, HTTP_PROXY: proxy.url };
    await signerOf('awskms:///alias/team', env);
    expect(proxy.requests).toHaveLength(1);
    proxy.clear();
    await signerOf('awskms:///alias/team', { ...env, NO_PROXY: '0.0.0.0/8' });
    expect(proxy.requests).toEqual([]);
  });

  it.each([
    ['a SOCKS proxy', 'socks5://builder:canary-proxy-word@127.0.0.1:9', /is a SOCKS proxy/],
    ['a malformed one', 'http://builder:canary-proxy-word@bad host', /is not a valid address/],
  ])('%s is an error, and nothing is connected to directly', async (_case, address, message) => {
    const env = { AWS_ENDPOINT_URL: 'https://kms.example.test', HTTPS_PROXY: address };
    const error = await failureOf(signerOf('awskms:///alias/team', env));
    expect(error.message).toMatch(message);
    expect(everythingIn(error)).not.toContain('canary-proxy-word');
  });

  it('a CGI program does not use HTTP_PROXY', async () => {
    const env = { AWS_ENDPOINT_URL: remote, HTTP_PROXY: proxy.url, REQUEST_METHOD: 'GET' };
    const error = await failureOf(signerOf('awskms:///alias/team', env));
    expect(error.message).toContain('REQUEST_METHOD');
    expect(proxy.requests).toEqual([]);
  });

  it('a refusal names the proxy', async () => {
    const refusing = await startRecordingProxy({ credentials: 'builder:another' });
    const env = { AWS_ENDPOINT_URL: 'https://kms.example.test', HTTPS_PROXY: refusing.url };
    const error = await failureOf(signerOf('awskms:///alias/team', env));
    expect(error.code).toBe('KEY_SERVICE_FAILED');
    expect(error.message).toContain(`the proxy ${refusing.host} (\`HTTPS_PROXY\`) refused`);
    await refusing.close();
  });
});
