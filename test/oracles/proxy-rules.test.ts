import fc from 'fast-check';

import { proxyRules } from '../../src/http/proxy-rules';
import { goProxies, type ProxyAnswer, type ProxyQuestion } from './support/httpproxy';
import { inputCount, recordOracle } from './support/tally';

const DIRECT: ProxyAnswer = { scheme: '', host: '', user: '', password: '' };
const PROXY = 'http://proxy.example:3128';
const LOWER = 'http://lower.example:8080';

/** Each with `HTTP_PROXY` and `HTTPS_PROXY` set to PROXY: the NO_PROXY entry, and URLs. */
const NO_PROXY: readonly (readonly [string, ...string[]])[] = [
  [
    '',
    'https://a.example/',
    'http://a.example:8080/',
    'https://localhost/',
    'http://127.0.0.1:5000/',
  ],
  [
    '',
    'http://127.255.0.9/',
    'https://[::1]:443/',
    'https://[::ffff:127.0.0.1]/',
    'https://a.localhost/',
  ],
  ['', 'https://localhost./', 'http://0.0.0.0/', 'https://[::]/', 'https://169.254.169.254/'],
  ['*', 'https://a.example/', 'http://10.0.0.1/', 'https://[2001:db8::1]/'],
  ['a.example,*', 'https://b.example/'],
  [
    '*.example',
    'https://a.example/',
    'https://example/',
    'https://b.a.example/',
    'https://aexample/',
  ],
  ['**', 'https://a.example/'],
  [
    'a.example',
    'https://a.example/',
    'https://b.a.example/',
    'https://ba.example/',
    'https://example/',
  ],
  ['.a.example', 'https://a.example/', 'https://b.a.example/', 'https://c.b.a.example/'],
  ['A.Example', 'https://a.example/', 'https://A.EXAMPLE/', 'https://b.A.example/'],
  ['a.example.', 'https://a.example/', 'https://a.example./'],
  ['a.example', 'https://a.example./', 'http://a.example:81/'],
  [
    'a.example:443',
    'https://a.example/',
    'http://a.example/',
    'https://a.example:8443/',
    'https://b.a.example/',
  ],
  [
    '.a.example:8443',
    'https://b.a.example:8443/',
    'https://a.example:8443/',
    'https://b.a.example/',
  ],
  ['*.a.example:80', 'http://b.a.example/', 'http://a.example/', 'http://b.a.example:80/'],
  ['a.example:', 'https://a.example/', 'http://a.example:81/'],
  ['a.example:https', 'https://a.example/'],
  [':443', 'https://a.example/'],
  ['10.0.0.1', 'https://10.0.0.1/', 'https://10.0.0.10/', 'http://10.0.0.1:8080/'],
  ['10.0.0.1:8080', 'http://10.0.0.1:8080/', 'http://10.0.0.1/'],
  ['010.0.0.1', 'https://10.0.0.1/', 'https://8.0.0.1/'],
  ['10.1', 'https://10.0.0.1/', 'https://10.1/'],
  ['0x0a.0.0.1', 'https://10.0.0.1/'],
  ['10.0.0.0/8', 'https://10.255.0.1/', 'https://11.0.0.1/', 'https://10.example/'],
  ['10.1.2.3/8', 'https://10.9.9.9/'],
  ['10.0.0.0/33', 'https://10.0.0.0/', 'https://10.0.0.1/'],
  ['10.0.0.0/08', 'https://10.0.0.1/'],
  ['10.0.0.0/', 'https://10.0.0.0/'],
  ['10.0.0.0/-1', 'https://10.0.0.0/'],
  ['10.0.0.0/8:80', 'http://10.0.0.1/'],
  ['0.0.0.0/0', 'https://1.2.3.4/', 'https://[2001:db8::1]/', 'https://a.example/'],
  ['::/0', 'https://[2001:db8::1]/', 'https://1.2.3.4/', 'https://[::ffff:1.2.3.4]/'],
  [
    '192.168.1.128/25',
    'https://192.168.1.127/',
    'https://192.168.1.128/',
    'https://192.168.1.255/',
  ],
  [
    '2001:db8::1',
    'https://[2001:db8::1]/',
    'https://[2001:db8:0::1]:8443/',
    'https://[2001:db8::2]/',
  ],
  ['[2001:db8::1]', 'https://[2001:db8::1]/'],
  ['[2001:db8::1]:8443', 'https://[2001:db8::1]:8443/', 'https://[2001:db8::1]/'],
  ['2001:db8::/32', 'https://[2001:db8:1::1]/', 'https://[2001:db9::1]/'],
  ['2001:DB8::/33', 'https://[2001:db8:7fff::1]/', 'https://[2001:db8:8000::1]/'],
  ['fe80::1%eth0', 'https://[fe80::1]/'],
  ['fe80::/10%eth0', 'https://[fe80::1]/'],
  ['::ffff:10.0.0.1', 'https://10.0.0.1/', 'https://[::ffff:10.0.0.1]/'],
  ['10.0.0.1', 'https://[::ffff:10.0.0.1]/', 'https://[::ffff:a00:1]:444/'],
  ['::ffff:10.0.0.0/104', 'https://10.0.0.1/', 'https://10.255.0.1/', 'https://11.0.0.1/'],
  ['::ffff:10.0.0.0/120', 'https://10.0.0.1/', 'https://10.0.1.1/', 'https://[::ffff:10.0.0.9]/'],
  ['::ffff:0:0/96', 'https://10.0.0.1/', 'https://[::1:2]/'],
  ['::ffff:0:0/80', 'https://10.0.0.1/', 'https://[::1:2:3]/'],
  ['::10.0.0.1', 'https://[::10.0.0.1]/', 'https://10.0.0.1/'],
  ['10.0.0.0/8', 'https://[::ffff:10.9.9.9]/'],
  [
    'bücher.example',
    'https://bücher.example/',
    'https://xn--bcher-kva.example/',
    'https://a.bücher.example/',
  ],
  ['.bücher.example', 'https://bücher.example/', 'https://a.bücher.example/'],
  ['*.bücher.example:443', 'https://a.bücher.example/', 'http://a.bücher.example/'],
  ['xn--bcher-kva.example', 'https://bücher.example/'],
  ['BÜCHER.example', 'https://bücher.example/'],
  ['faß.example', 'https://faß.example/', 'https://fass.example/'],
  ['日本.example', 'https://日本.example/'],
  [' a.example , b.example ', 'https://a.example/', 'https://b.example/', 'https://c.example/'],
  ['a.example;b.example', 'https://a.example/', 'https://b.example/'],
  ['a.example b.example', 'https://a.example/', 'https://b.example/'],
  [',,a.example,', 'https://a.example/', 'https://b.example/'],
  ['https://a.example', 'https://a.example/'],
  ['a.example/path', 'https://a.example/'],
  ['.', 'https://a.example/', 'https://a.example./'],
  ['*.', 'https://a.example/', 'https://a.example./'],
  ['..a.example', 'https://a.example/', 'https://b.a.example/'],
  ['localhost', 'https://a.localhost/', 'https://localhost:8443/'],
  ['a_b.example', 'https://a_b.example/'],
  ['[a.example]:443', 'https://a.example/'],
  ['a.example:443:443', 'https://a.example/'],
  ['com', 'https://a.com/', 'https://com/', 'https://acom/'],
];

const ENVIRONMENTS: readonly Readonly<Record<string, string>>[] = [
  {},
  { HTTP_PROXY: PROXY },
  { HTTPS_PROXY: PROXY },
  { http_proxy: LOWER },
  { https_proxy: LOWER },
  { HTTP_PROXY: PROXY, http_proxy: LOWER },
  { HTTPS_PROXY: PROXY, https_proxy: LOWER },
  { HTTPS_PROXY: PROXY, https_proxy: '' },
  { HTTPS_PROXY: PROXY, NO_PROXY: 'a.example', no_proxy: 'b.example' },
  { HTTPS_PROXY: PROXY, NO_PROXY: 'a.example', no_proxy: '' },
  { ALL_PROXY: PROXY },
  { all_proxy: PROXY },
  { Https_Proxy: PROXY },
  { HTTP_PROXY: PROXY, REQUEST_METHOD: 'GET' },
  { http_proxy: PROXY, REQUEST_METHOD: 'GET' },
  { HTTP_PROXY: PROXY, REQUEST_METHOD: '' },
  { HTTP_PROXY: PROXY, REQUEST_METHOD: 'GET', NO_PROXY: '*' },
  { HTTPS_PROXY: PROXY, REQUEST_METHOD: 'GET' },
  { HTTPS_PROXY: 'proxy.example:3128' },
  { HTTPS_PROXY: 'proxy.example' },
  { HTTPS_PROXY: 'https://proxy.example' },
  { HTTPS_PROXY: 'https://proxy.example:8443/path?a=b' },
  { HTTPS_PROXY: 'HTTP://Proxy.Example:3128' },
  { HTTPS_PROXY: 'http://user:pass@proxy.example:3128' },
  { HTTPS_PROXY: 'http://user@proxy.example:3128' },
  { HTTPS_PROXY: 'user:pass@proxy.example:3128' },
  { HTTPS_PROXY: 'http://us%40er:p%3Aa%20s%C3%A4@proxy.example:3128' },
  { HTTPS_PROXY: 'http://[2001:db8::1]:3128' },
  { HTTPS_PROXY: '127.0.0.1:3128' },
  { HTTPS_PROXY: 'localhost:3128' },
  { HTTPS_PROXY: 'localhost' },
  { HTTPS_PROXY: 'socks5://proxy.example:1080' },
  { HTTPS_PROXY: 'socks5h://proxy.example:1080' },
  { HTTPS_PROXY: 'ftp://proxy.example' },
  { HTTPS_PROXY: 'http://proxy example' },
  { HTTPS_PROXY: 'http://proxy.example:port' },
  { HTTPS_PROXY: 'http://proxy.example:3128:3128' },
];
const URLS = [
  'https://a.example/v2/',
  'http://a.example/v2/',
  'https://b.example/',
  'http://localhost/',
];

const table: readonly ProxyQuestion[] = [
  ...NO_PROXY.flatMap(([entry, ...urls]) =>
    urls.map((url) => ({ env: { HTTP_PROXY: PROXY, HTTPS_PROXY: PROXY, NO_PROXY: entry }, url })),
  ),
  ...ENVIRONMENTS.flatMap((env) => URLS.map((url) => ({ env, url }))),
];

const one = (...values: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...values);
const number = fc.oneof(one('0', '1', '10', '127', '192', '255'), fc.nat(255).map(String));
const ipv4 = fc.tuple(number, number, number, number).map((parts) => parts.join('.'));
const word = fc.oneof(
  one('0', '1', 'ffff', 'db8', '2001'),
  fc.nat(0xffff).map((n) => n.toString(16)),
);
const ipv6 = fc.oneof(
  fc.array(word, { minLength: 8, maxLength: 8 }).map((words) => words.join(':')),
  fc
    .tuple(fc.array(word, { maxLength: 3 }), fc.array(word, { maxLength: 3 }))
    .map(([head, tail]) => `${head.join(':')}::${tail.join(':')}`),
  ipv4.map((text) => `::ffff:${text}`),
);
const name = fc
  .array(one('a', 'b', 'example', 'com', 'bücher', 'localhost', 'x-y'), {
    minLength: 1,
    maxLength: 4,
  })
  .map((labels) => labels.join('.'));
const port = one('', '', ':80', ':443', ':8443', ':');
const length = fc.nat(130).map((bits) => `/${bits}`);
const entry = fc.oneof(
  fc.tuple(one('', '', '.', '*.', '..'), name, port).map((parts) => parts.join('')),
  fc.tuple(ipv4, fc.oneof(port, length)).map((parts) => parts.join('')),
  fc.tuple(ipv6, fc.oneof(one(''), length)).map((parts) => parts.join('')),
  fc.tuple(ipv6, port).map(([address, text]) => `[${address}]${text}`),
  fc.string({ unit: one('a', '.', '*', ':', '[', ']', '/', '1', ' ', '-', '%'), maxLength: 10 }),
);
const url = fc
  .tuple(
    one('http', 'https'),
    fc.oneof(
      name,
      ipv4,
      ipv6.map((address) => `[${address}]`),
    ),
    one('', '', ':80', ':443', ':8443'),
  )
  .map(([scheme, host, text]) => `${scheme}://${host}${text}/`);
/** Entries that have something to do with the URL, so that many match. */
const question = fc
  .tuple(url, fc.array(entry, { maxLength: 3 }), fc.nat(5))
  .map(([target, entries, kind]) => {
    const { hostname, port: own } = new URL(target);
    const host = hostname.replace(/^\[|\]$/g, '');
    const related = [host, `${hostname}:${own || '443'}`, `${host}/16`, host.replace(/^[^.]*/, '')][
      kind
    ];
    return { target, entries: related === undefined ? entries : [...entries, related] };
  });

function ours({ env, url: target }: ProxyQuestion): ProxyAnswer {
  try {
    const proxy = proxyRules(env)(new URL(target));
    if (!proxy) return DIRECT;
    const [, encoded] = (proxy.authorization ?? 'Basic ').split(' ');
    const [user = '', password = ''] = Buffer.from(encoded ?? '', 'base64')
      .toString()
      .split(/:(.*)/s);
    return { scheme: proxy.url.protocol.slice(0, -1), host: proxy.url.host, user, password };
  } catch (error) {
    return { ...DIRECT, error: String(error) };
  }
}

/** Values that Go's rules leave to the transport, or ignore, and that are an error here. */
function isRefusedOnPurpose({ env }: ProxyQuestion, go: ProxyAnswer): boolean {
  const isUnsupported = go.scheme !== '' && !/^https?$/.test(go.scheme);
  // For a malformed address Go uses a proxy named `http:`, or connects directly.
  const isMalformed =
    /[ ]|:port|:3128:3128/.test(env['HTTPS_PROXY'] ?? '') && ['', 'http:'].includes(go.host);
  return isUnsupported || isMalformed;
}

function isSame(a: ProxyAnswer, go: ProxyAnswer): boolean {
  // URLs here drop the port that is the scheme's own.
  const host = go.host === '' ? '' : new URL(`${go.scheme}://${go.host}`).host;
  return (
    a.scheme === go.scheme && a.host === host && a.user === go.user && a.password === go.password
  );
}

test('proxies are chosen as Go programs choose them', async () => {
  const generated = fc
    .sample(question, { numRuns: inputCount(2000, 500), seed: 7 })
    .map(({ target, entries }) => ({
      env: { HTTP_PROXY: PROXY, HTTPS_PROXY: LOWER, no_proxy: entries.join(',') },
      url: target,
    }));
  // As in a request: Go receives the URL of the connection.
  const questions = [...table, ...generated].map(({ env, url: text }) => ({
    env,
    url: new URL(text).href,
  }));
  const theirs = await goProxies(questions);
  const different = questions.flatMap((asked, at): readonly unknown[] => {
    const [us, go] = [ours(asked), theirs[at]];
    if (!go) return [asked];
    const isFine =
      us.error === undefined
        ? go.error === undefined && isSame(us, go)
        : go.error !== undefined || isRefusedOnPurpose(asked, go);
    return isFine ? [] : [{ asked, us, go }];
  });
  recordOracle('proxy rules', questions.length, different.length);
  expect(different.slice(0, 20)).toEqual([]);
  expect(table.length).toBeGreaterThanOrEqual(200);
  // Both answers are common among the generated ones.
  const direct = theirs.slice(table.length).filter(({ host }) => host === '').length;
  expect(direct).toBeGreaterThan(generated.length / 5);
  expect(direct).toBeLessThan((generated.length * 4) / 5);
});
