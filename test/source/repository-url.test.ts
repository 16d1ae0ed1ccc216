import fc from 'fast-check';

import { cleanRepositoryUrl } from '../../src/source';

test.each([
  ['https://github.com/acme/app', 'https://github.com/acme/app'],
  ['https://github.com/acme/app.git', 'https://github.com/acme/app.git'],
  ['https://user:t0ken@github.com/acme/app.git', 'https://github.com/acme/app.git'],
  ['https://t0ken@github.com/acme/app.git', 'https://github.com/acme/app.git'],
  ['https://oauth2:t%40ken@host:8443/a/b', 'https://host:8443/a/b'],
  ['https://host/a?private_token=t0ken#t0ken', 'https://host/a'],
  ['ssh://git@host:2222/a/b.git', 'ssh://git@host:2222/a/b.git'],
  ['ssh://git:t0ken@host/a.git', 'ssh://git@host/a.git'],
  ['git://host/a.git', 'git://host/a.git'],
  ['git@host.example:a/b.git', 'git@host.example:a/b.git'],
  ['host.example:a/b.git', 'host.example:a/b.git'],
  ['user:t0ken@host.example:a/b.git', 'host.example:a/b.git'],
  ['git@host.example:a/b.git?t0ken', 'git@host.example:a/b.git'],
  ['  https://host/a\n', 'https://host/a'],
  ['ssh://ada@host:29418/a', 'ssh://host:29418/a'],
  ['ada@host.example:a/b.git', 'host.example:a/b.git'],
  ['https://host/a b/c.git', 'https://host/a%20b/c.git'],
  ['https://host/a|b', 'https://host/a%7Cb'],
  ['https://host/100%', 'https://host/100%25'],
  ['https://[2001:DB8::1]:8443/a', 'https://[2001:db8::1]:8443/a'],
  ['ssh://git@[::1]:2222/a', 'ssh://git@[::1]:2222/a'],
  ['ssh://git@host:443/a', 'ssh://git@host:443/a'],
  ['https://b\u00fccher.example/a', 'https://xn--bcher-kva.example/a'],
  ['ssh://git@b\u00fccher.example/\u00fc', 'ssh://git@xn--bcher-kva.example/%C3%BC'],
  ['git@[::1]:a/b', 'git@[::1]:a/b'],
  ['git@[host.example:2222]:a/b', 'git@[host.example:2222]:a/b'],
  ['git@host.example:a b/c.git', 'git@host.example:a b/c.git'],
])('%s is shown as %s', (text, shown) => {
  expect(cleanRepositoryUrl(text)).toBe(shown);
});

test.each([
  '/srv/git/app.git',
  '../app',
  'C:\\src\\app',
  'C:/src/app',
  'file:///srv/git/app.git',
  'ext::sh -c whatever',
  'ext::sh',
  'ext::https://host/a',
  'a/b:c',
  'https://host/a\nhttps://host/b',
  'ssh://-oProxyCommand=x/a',
  'ssh://host;x/a',
  'ssh://ho%2Fst/a',
  'git@host.example:?token',
  'https://',
  'https://host:notaport/',
  'javascript://host/%0a',
  '',
])('%j is not valid on other machines', (text) => {
  expect(cleanRepositoryUrl(text)).toBeUndefined();
});

test('no user or password of any URL comes through', () => {
  const word = fc.stringMatching(/^[A-Za-z0-9]{6,12}$/);
  fc.assert(
    fc.property(word, word, word, (user, password, path) => {
      const shown = cleanRepositoryUrl(`https://U${user}:P${password}@host.example/${path}`);
      expect(shown).toBe(`https://host.example/${path}`);
    }),
  );
});
