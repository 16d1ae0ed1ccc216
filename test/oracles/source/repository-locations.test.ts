import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';

import { vcsLocation } from '../../../src/source/vcs-location';
import { cleanRepositoryUrl } from '../../../src/source';
import { isUri } from '../../../src/source/uri';
import { inputCount, recordOracle } from '../support/tally';

const folder = mkdtempSync(join(tmpdir(), 'signed-image-locations-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Read {
  readonly valid: boolean;
  readonly again: string;
  readonly user: string;
  readonly host: string;
  readonly path: string;
}

function ask(program: string, args: readonly string[], texts: readonly string[]): readonly Read[] {
  const input = texts.map((text) => `${JSON.stringify(text)}\n`).join('');
  const answer = spawnSync(program, args, { input, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (answer.status !== 0) throw new Error(`${program}: ${answer.stderr}`);
  return answer.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Read);
}

const label = fc.stringMatching(/^[a-z0-9](?:[a-z0-9-]{0,8}[a-z0-9])?$/);
const host = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(label, label).map((parts) => `${parts.join('.')}.example`) },
  fc.constantFrom('localhost', '127.0.0.1', '[::1]', '[2001:db8::5]', 'HOST.example'),
);
const segment = fc
  .oneof(
    { weight: 3, arbitrary: fc.stringMatching(/^[A-Za-z0-9._-]{1,12}$/) },
    fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
      .map((text) => text.replace(/[/?#\\\p{Cc}\p{Cs}\p{Cn}]|\s/gu, ' ').trim()),
  )
  // A URL does not have dot segments.
  .filter((text) => text !== '' && text !== '.' && text !== '..');
const path = fc
  .array(segment, { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join('/'))
  // git refuses the first, and the others are about the home of a user or other forms.
  .filter((text) => !/^[-~:]|^%2[fF]/.test(text) && !/%(?![0-9A-Fa-f]{2})/.test(text));
const user = fc.constantFrom('', 'git@', 'ada@', 'git:canary-password@', 'canary-token@');
const port = fc.constantFrom('', ':2222', ':443', ':22');

const urls = fc
  .tuple(fc.constantFrom('https', 'http', 'ssh', 'git'), user, host, port, path)
  .map(([scheme, name, at, on, where]) => `${scheme}://${name}${at}${on}/${where}`);
const scpLike = fc
  .tuple(fc.constantFrom('', 'git@', 'ada@'), host, fc.constantFrom('', '/'), path)
  .map(([name, at, root, where]) => `${name}${at}:${root}${where}`);
const revision = fc.option(
  segment.map((text) => `refs/heads/${text}`),
  { nil: undefined },
);

const seed = 12;

test.each([
  ['go', ['run', join(__dirname, 'uris/main.go')]],
  ['python3', [join(__dirname, 'uris/main.py')]],
] as const)('%s reads our locations as the address that was given', (program, args) => {
  const count = inputCount(3_000, 300);
  const inputs = fc.sample(fc.tuple(fc.oneof(urls, scpLike), revision), { numRuns: count, seed });
  const locations = inputs.map(([text, at]) => {
    const clean = cleanRepositoryUrl(text);
    return clean === undefined ? undefined : vcsLocation(clean, at);
  });
  expect(locations.filter((location) => location === undefined)).toEqual([]);
  const answers = ask(program, args, locations as readonly string[]);
  const differences = inputs.flatMap(([text, at], index) => {
    const [location, read] = [locations[index] ?? '', answers[index]];
    const given = partsOf(text);
    const expected = `${given.path}${at === undefined ? '' : `@${at}`}`;
    const agrees =
      isUri(location) &&
      read?.valid === true &&
      read.again === location &&
      read.host === given.host &&
      read.user === given.user &&
      read.path === expected;
    return agrees ? [] : [{ text, at, location, read, given }];
  });
  recordOracle(`repository locations, ${program}`, count, differences.length);
  expect(differences).toEqual([]);
});

/** What was generated, taken apart without the code under test. */
function partsOf(text: string): {
  readonly user: string;
  readonly host: string;
  readonly path: string;
} {
  const isUrl = text.includes('://');
  const [, scheme = 'ssh', rest = ''] = isUrl
    ? (/^(\w+):\/\/(.*)$/s.exec(text) ?? [])
    : ['', 'ssh', text];
  const match = isUrl
    ? /^(?:([^@/]*)@)?(\[[^\]]*\](?::\d+)?|[^/]*)(\/.*)$/s.exec(rest)
    : /^(?:([^@/]*)@)?(\[[^\]]*\]|[^:]*):\/?(.*)$/s.exec(rest);
  const [, name = '', at = '', where = ''] = match ?? [];
  const standard = { https: ':443', http: ':80' }[scheme];
  const shown =
    standard !== undefined && at.endsWith(standard) ? at.slice(0, -standard.length) : at;
  return {
    user: scheme === 'ssh' && name.split(':')[0] === 'git' ? 'git' : '',
    host: isUrl ? shown.toLowerCase() : at,
    path: decodeURIComponent(isUrl ? where : `/${where}`),
  };
}

test('git connects to the host and path that our locations of ssh have', async () => {
  const script = join(folder, 'ssh');
  writeFileSync(script, '#!/bin/sh\nprintf "%s\\n" "$@" > "$SSH_RECORD"\nexit 1\n');
  chmodSync(script, 0o755);
  const count = inputCount(600, 60);
  // git's ssh addresses have no password: the text before the last colon would be the host.
  const ssh = urls.filter((text) => text.startsWith('ssh://') && !text.includes('password'));
  const inputs = fc.sample(fc.oneof({ weight: 3, arbitrary: scpLike }, ssh), {
    numRuns: count,
    seed,
  });
  const differences: unknown[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let at = next++; at < inputs.length; at = next++) {
      const text = inputs[at] ?? '';
      const location = vcsLocation(cleanRepositoryUrl(text) ?? '');
      const connected = await connection(text, script, join(folder, String(at)));
      const ours = location && new URL(location);
      const target = ours && {
        host: `${ours.hostname.toLowerCase()}${ours.port && `:${ours.port}`}`,
        path: decodeURIComponent(ours.pathname).replace(/^\//, ''),
      };
      if (JSON.stringify(target) !== JSON.stringify(connected)) {
        differences.push({ text, location, connected });
      }
    }
  };
  await Promise.all([work(), work()]);
  recordOracle('repository locations, git', count, differences.length);
  expect(differences).toEqual([]);
}, 300_000);

/** The arguments of git's ssh program, which records them. */
async function connection(
  text: string,
  script: string,
  record: string,
): Promise<{ readonly host: string; readonly path: string } | undefined> {
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_SSH: script,
    GIT_SSH_VARIANT: 'ssh',
    SSH_RECORD: record,
  };
  await new Promise((settle) =>
    execFile('git', ['ls-remote', '--', text], { env, cwd: folder }, settle),
  );
  let lines: readonly string[];
  try {
    lines = readFileSync(record, 'utf8').split('\n');
  } catch {
    return undefined;
  }
  const at = lines.findIndex((line) => line.startsWith('git-upload-pack '));
  const name = (lines[at - 1] ?? '').replace(/^.*@/, '').toLowerCase();
  const onPort = lines.indexOf('-p');
  const quoted = /^git-upload-pack '(.*)'$/.exec(lines[at] ?? '')?.[1] ?? '';
  const bracketed = name.includes(':') ? `[${name}]` : name;
  return {
    host: `${bracketed}${onPort < 0 ? '' : `:${lines[onPort + 1]}`}`,
    path: quoted.replaceAll(`'\\''`, "'").replaceAll(`'\\!'`, '!').replace(/^\//, ''),
  };
}
