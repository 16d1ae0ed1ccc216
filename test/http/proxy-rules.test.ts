import { proxyRules } from '../../src/http/proxy-rules';

// The whole of the rules is compared with Go's in test/oracles/proxy-rules.test.ts.
const PROXY = 'http://proxy.example:3128';

const isProxied = (url: string, noProxy = ''): boolean =>
  proxyRules({ HTTP_PROXY: PROXY, HTTPS_PROXY: PROXY, NO_PROXY: noProxy })(new URL(url)) !==
  undefined;

it.each<[string, string, boolean]>([
  ['https://a.example/', '', true],
  ['http://localhost:5000/', '', false],
  ['https://[::1]/', '', false],
  ['https://127.8.9.1/', '', false],
  ['https://a.example/', 'a.example', false],
  ['https://b.a.example/', 'a.example', false],
  ['https://a.example/', '.a.example', true],
  ['https://b.a.example/', '*.a.example', false],
  ['https://a.example/', 'a.example:8443', true],
  ['https://a.example:8443/', 'a.example:8443', false],
  ['https://10.1.2.3/', '10.0.0.0/8', false],
  ['https://[2001:db8::7]/', '2001:db8::/32', false],
  ['https://[2001:db8::7]/', '2001:db8::7', false],
  ['https://[::ffff:10.0.0.1]/', '10.0.0.1', false],
  ['https://bücher.example/', 'bücher.example', false],
  ['https://a.example/', 'b.example, *', false],
])('%s with NO_PROXY=%j: through the proxy %s', (url, noProxy, expected) => {
  expect(isProxied(url, noProxy)).toBe(expected);
});

it('the scheme of the URL chooses the variable, and upper case comes first', () => {
  const rules = proxyRules({ https_proxy: 'http://lower.example', HTTPS_PROXY: '' });
  expect(rules(new URL('https://a.example'))?.url.host).toBe('lower.example');
  expect(rules(new URL('http://a.example'))).toBeUndefined();
  const both = proxyRules({ https_proxy: 'http://lower.example', HTTPS_PROXY: PROXY });
  expect(both(new URL('https://a.example'))?.url.host).toBe('proxy.example:3128');
});

it('HTTP_PROXY is refused where a request could have set it', () => {
  const rules = proxyRules({ HTTP_PROXY: PROXY, REQUEST_METHOD: 'GET' });
  expect(() => rules(new URL('http://a.example'))).toThrow(
    expect.objectContaining({ code: 'INPUT_INVALID' }),
  );
});

it.each(['pa/ss', 'pa?ss', 'pa#ss', '12/ss', '12#ss'])(
  'a password such as %s that is not encoded is an error, and not taken for a host',
  (password) => {
    const rules = proxyRules({ HTTPS_PROXY: `http://builder:${password}@proxy.example:3128` });
    const rule = expect(() => rules(new URL('https://a.example')));
    rule.toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }));
    rule.toThrow(/^the proxy of `HTTPS_PROXY` (is not a valid address|has a password with)/);
  },
);

it.each([
  ['p%40ss', 'p@ss'],
  ['100%', '100%'],
  ['100%%40 \u00e4', '100%@ \u00e4'],
  ['%ff%40', '%ff%40'],
])('the password %s in a proxy address is %s', (written, password) => {
  const rules = proxyRules({ HTTPS_PROXY: `http://builder:${written}@proxy.example:3128` });
  const sent = rules(new URL('https://a.example'))?.authorization?.replace('Basic ', '') ?? '';
  expect(Buffer.from(sent, 'base64').toString()).toBe(`builder:${password}`);
});
