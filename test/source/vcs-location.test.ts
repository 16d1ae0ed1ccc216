import { vcsLocation } from '../../src/source/vcs-location';
import { encodedPath, isUri } from '../../src/source/uri';

test.each([
  ['https://host.example/a/b.git', 'git+https://host.example/a/b.git@main'],
  ['http://host.example/a', 'git+http://host.example/a@main'],
  ['ssh://git@host.example:2222/a', 'git+ssh://git@host.example:2222/a@main'],
  ['git://host.example/a', 'git+git://host.example/a@main'],
  ['git+ssh://git@host.example/a', 'git+ssh://git@host.example/a@main'],
  ['git+https://host.example/a', 'git+https://host.example/a@main'],
  ['git@host.example:a/b.git', 'git+ssh://git@host.example/a/b.git@main'],
  ['host.example:/srv/a', 'git+ssh://host.example/srv/a@main'],
  ['git@[::1]:a', 'git+ssh://git@[::1]/a@main'],
  ['git@[host.example:2222]:a', 'git+ssh://git@host.example:2222/a@main'],
  ['git@host.example:a b/\u00fc.git', 'git+ssh://git@host.example/a%20b/%C3%BC.git@main'],
  ['https://host.example/a@b', 'git+https://host.example/a%40b@main'],
  ['https://[::1]:8443/a', 'git+https://[::1]:8443/a@main'],
])('%s is at %s', (repository, location) => {
  expect(vcsLocation(repository, 'main')).toBe(location);
  expect(isUri(location)).toBe(true);
});

test.each([
  ['refs/heads/feature/x', '@refs/heads/feature/x'],
  ['refs/heads/a@b#c"d', '@refs/heads/a%40b%23c%22d'],
  ['refs/heads/\u00fc%', '@refs/heads/%C3%BC%25'],
  [undefined, ''],
])('the revision %j is written as %j', (revision, suffix) => {
  expect(vcsLocation('https://host.example/a', revision)).toBe(
    `git+https://host.example/a${suffix}`,
  );
});

test.each(['/srv/a', 'C:\\a', '', 'https://', 'a', 'https://ho st/a'])(
  '%j is at no location',
  (text) => {
    expect(vcsLocation(text)).toBeUndefined();
  },
);

test.each([
  ['https://host/a', true],
  ['urn:example:a', true],
  ['spiffe://trust.example/ns/a', true],
  ['signed-image+self-reported://local/git', true],
  ['mailto:a@example.com', true],
  ['https://host/a?b=c/d?e#f', true],
  ['https://[::1]:1/', true],
  ['a', false],
  ['', false],
  ['https:', false],
  ['1a:b', false],
  ['https://ho"st/', false],
  ['https://host/a b', false],
  ['https://host/%zz', false],
  ['https://host/\u00fc', false],
  ['https://host/a|b', false],
  ['https://host/a#b#c', false],
  ['https://[::1/', false],
  ['https://host:port/', false],
  ['https://host/a\n', false],
])('%j is a URI: %s', (text, expected) => {
  expect(isUri(text)).toBe(expected);
});

test('a path is encoded once', () => {
  expect(encodedPath('/a b/%20/%/\u{1f600}')).toBe('/a%20b/%20/%25/%F0%9F%98%80');
});
