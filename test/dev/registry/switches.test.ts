import { request as httpsRequest } from 'node:https';

import { type RunningRegistry, startRegistry } from '../../../dev/registry';
import {
  ask,
  digest,
  errorCode,
  INDEX,
  MANIFEST,
  manifestText,
  pushBlob,
  pushManifest,
} from './support';

const REPOSITORY = 'team/app';
let registry: RunningRegistry;

beforeEach(async () => {
  registry = await startRegistry();
  await pushBlob(registry, REPOSITORY, '{}');
});
afterEach(() => registry.close());

function attached(subject: string, artifactType: string): string {
  return manifestText('{}', {
    artifactType,
    subject: { mediaType: MANIFEST, digest: digest(subject), size: subject.length },
    annotations: { of: artifactType },
  });
}

describe('referrers', () => {
  it('lists them for a subject that is pushed later, filtered on request', async () => {
    const subject = manifestText('{}');
    const put = await pushManifest(
      registry,
      REPOSITORY,
      digest(attached(subject, 'a/x')),
      attached(subject, 'a/x'),
    );
    expect(put.headers.get('oci-subject')).toBe(digest(subject));
    await pushManifest(
      registry,
      REPOSITORY,
      digest(attached(subject, 'a/y')),
      attached(subject, 'a/y'),
    );
    const path = `/v2/${REPOSITORY}/referrers/${digest(subject)}`;
    const all = await ask(registry, 'GET', path);
    expect(all.headers.get('content-type')).toBe(INDEX);
    const list = (await all.json()) as { manifests: { artifactType: string }[] };
    expect(list.manifests.map(({ artifactType }) => artifactType)).toEqual(['a/x', 'a/y']);
    const filtered = await ask(registry, 'GET', `${path}?artifactType=a/y`);
    expect(filtered.headers.get('oci-filters-applied')).toBe('artifactType');
    expect(await filtered.json()).toEqual({
      schemaVersion: 2,
      mediaType: INDEX,
      manifests: [
        {
          mediaType: MANIFEST,
          digest: digest(attached(subject, 'a/y')),
          size: attached(subject, 'a/y').length,
          artifactType: 'a/y',
          annotations: { of: 'a/y' },
        },
      ],
    });
    const none = await ask(registry, 'GET', `/v2/${REPOSITORY}/referrers/${digest('nobody')}`);
    expect(await none.json()).toEqual({ schemaVersion: 2, mediaType: INDEX, manifests: [] });
  });

  it('returns them in pages', async () => {
    registry.settings.referrersPageSize = 1;
    const subject = manifestText('{}');
    for (const type of ['a/x', 'a/y']) {
      await pushManifest(
        registry,
        REPOSITORY,
        digest(attached(subject, type)),
        attached(subject, type),
      );
    }
    const first = await ask(registry, 'GET', `/v2/${REPOSITORY}/referrers/${digest(subject)}`);
    const next = /<(.+)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
    const second = await ask(registry, 'GET', next);
    const { manifests } = (await second.json()) as { manifests: unknown[] };
    expect([manifests.length, second.headers.get('link')]).toEqual([1, null]);
  });

  it('switched off, returns 404 and no OCI-Subject, unless it is set to claim it', async () => {
    registry.settings.referrersApi = false;
    const body = attached('s', 'a/x');
    const put = await pushManifest(registry, REPOSITORY, digest(body), body);
    expect([put.status, put.headers.get('oci-subject')]).toEqual([201, null]);
    expect((await ask(registry, 'GET', `/v2/${REPOSITORY}/referrers/${digest('s')}`)).status).toBe(
      404,
    );
    registry.settings.claimsSubject = true;
    expect(
      (await pushManifest(registry, REPOSITORY, digest(body), body)).headers.get('oci-subject'),
    ).toBe(digest('s'));
  });
});

describe('tags that move', () => {
  const [one, two] = [manifestText('{}'), manifestText('{}', { annotations: { v: '2' } })];

  it('can be made immutable', async () => {
    registry.settings.immutableTags = true;
    expect((await pushManifest(registry, REPOSITORY, 'v1', one)).status).toBe(201);
    expect((await pushManifest(registry, REPOSITORY, 'v1', one)).status).toBe(201);
    const moved = await pushManifest(registry, REPOSITORY, 'v1', two);
    expect([moved.status, await errorCode(moved)]).toEqual([400, 'TAG_INVALID']);
    registry.settings.immutableTags = 'harbor';
    expect((await pushManifest(registry, REPOSITORY, 'v1', two)).status).toBe(412);
    registry.settings.immutableTags = 'silent';
    expect((await pushManifest(registry, REPOSITORY, 'v1', two)).status).toBe(409);
  });

  it('are guarded by If-Match and If-None-Match, unless ETags are off', async () => {
    const put = (text: string, headers: Record<string, string>): Promise<number> =>
      pushManifest(registry, REPOSITORY, 'v1', text, headers).then(({ status }) => status);
    expect(await put(one, { 'if-match': `"${digest(one)}"` })).toBe(412);
    expect(await put(one, { 'if-none-match': '*' })).toBe(201);
    expect(await put(two, { 'if-none-match': '*' })).toBe(412);
    expect(await put(two, { 'if-match': `"${digest(two)}"` })).toBe(412);
    expect(await put(two, { 'if-match': `"${digest(one)}"` })).toBe(201);
    registry.settings.conditions = false;
    expect(await put(one, { 'if-match': '"nothing"' })).toBe(201);
    expect(
      (await ask(registry, 'HEAD', `/v2/${REPOSITORY}/manifests/v1`)).headers.get('etag'),
    ).not.toBeNull();
    registry.settings.conditions = true;
    registry.settings.etags = false;
    expect(await put(one, { 'if-match': '"nothing"' })).toBe(201);
    const head = await ask(registry, 'HEAD', `/v2/${REPOSITORY}/manifests/v1`);
    expect(head.headers.get('etag')).toBeNull();
  });

  it('can be visible with a delay', async () => {
    await pushManifest(registry, REPOSITORY, 'v1', one);
    registry.settings.lateVisibility = 2;
    await pushManifest(registry, REPOSITORY, 'v1', two);
    const read = async (reference: string): Promise<string | null> => {
      const head = await ask(registry, 'HEAD', `/v2/${REPOSITORY}/manifests/${reference}`);
      return head.headers.get('docker-content-digest');
    };
    expect([await read('v1'), await read('v1'), await read('v1')]).toEqual([
      digest(one),
      digest(one),
      digest(two),
    ]);
    expect([await read(digest(two)), await read(digest(two))]).toEqual([null, null]);
    expect(await read(digest(two))).toBe(digest(two));
  });
});

describe('authentication', () => {
  const basic = (user: string, password: string): { authorization: string } => ({
    authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
  });
  const manifests = `/v2/${REPOSITORY}/manifests/latest`;

  it('Basic: sends a challenge, refuses wrong credentials, and denies pushes of readers', async () => {
    registry.settings.auth = { kind: 'basic', users: { w: 'pw', r: 'pr' }, readOnly: ['r'] };
    const asked = await ask(registry, 'GET', '/v2/');
    expect([asked.status, asked.headers.get('www-authenticate')]).toEqual([
      401,
      'Basic realm="dev-registry"',
    ]);
    expect((await ask(registry, 'GET', '/v2/', { headers: basic('w', 'no') })).status).toBe(401);
    expect((await ask(registry, 'GET', '/v2/', { headers: basic('w', 'pw') })).status).toBe(200);
    expect((await ask(registry, 'GET', manifests, { headers: basic('r', 'pr') })).status).toBe(404);
    const denied = await pushManifest(
      registry,
      REPOSITORY,
      'v1',
      manifestText('{}'),
      basic('r', 'pr'),
    );
    expect([denied.status, await errorCode(denied)]).toEqual([403, 'DENIED']);
  });

  it('Bearer: issues tokens for the scopes of the user, and checks them', async () => {
    registry.settings.auth = {
      kind: 'bearer',
      users: { w: 'pw' },
      anonymousPull: true,
      refreshTokens: { 'canary-the-refresh-token': 'w' },
    };
    const asked = await ask(registry, 'GET', manifests);
    expect(asked.headers.get('www-authenticate')).toBe(
      `Bearer realm="${registry.url}/token",service="dev-registry",scope="repository:${REPOSITORY}:pull"`,
    );
    const query = `/token?service=dev-registry&scope=repository:${REPOSITORY}:pull,push`;
    const token = async (headers: Record<string, string>): Promise<Record<string, string>> => {
      const { access_token } = (await (await ask(registry, 'GET', query, { headers })).json()) as {
        access_token: string;
      };
      return { authorization: `Bearer ${access_token}` };
    };
    const anonymous = await token({});
    expect((await ask(registry, 'GET', manifests, { headers: anonymous })).status).toBe(404);
    const refused = await pushManifest(registry, REPOSITORY, 'v1', manifestText('{}'), anonymous);
    expect(refused.headers.get('www-authenticate')).toContain('error="insufficient_scope"');
    const known = await token(basic('w', 'pw'));
    expect((await pushManifest(registry, REPOSITORY, 'v1', manifestText('{}'), known)).status).toBe(
      201,
    );
    expect(
      (await ask(registry, 'GET', '/v2/other/app/manifests/v1', { headers: known })).status,
    ).toBe(401);
    expect((await ask(registry, 'GET', query, { headers: basic('w', 'no') })).status).toBe(401);

    const grant = (form: Record<string, string>): Promise<Response> =>
      ask(registry, 'POST', '/token', {
        body: new URLSearchParams({ service: 'dev-registry', ...form }).toString(),
      });
    expect(
      (await grant({ grant_type: 'refresh_token', refresh_token: 'canary-the-refresh-token' }))
        .status,
    ).toBe(200);
    expect((await grant({ grant_type: 'refresh_token', refresh_token: 'another' })).status).toBe(
      401,
    );
    expect((await grant({ grant_type: 'password', username: 'w', password: 'pw' })).status).toBe(
      200,
    );
    expect((await ask(registry, 'GET', '/token?service=unknown')).status).toBe(400);
  });

  it('Bearer: a token ends', async () => {
    registry.settings.auth = { kind: 'bearer', users: {}, anonymousPull: true, tokenSeconds: 0 };
    const answer = await ask(
      registry,
      'GET',
      `/token?service=dev-registry&scope=repository:${REPOSITORY}:pull`,
    );
    const { token } = (await answer.json()) as { token: string };
    const late = await ask(registry, 'GET', manifests, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(late.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });
});

describe('faults and the second origin', () => {
  it('answers what the fault hook returns, cuts the connection, and records it all', async () => {
    registry.clearRequests();
    registry.settings.faults = ({ path }) =>
      path === '/v2/' ? { status: 503, headers: { 'retry-after': '3' } } : 'drop';
    const answered = await ask(registry, 'GET', '/v2/');
    expect([answered.status, answered.headers.get('retry-after')]).toEqual([503, '3']);
    await expect(ask(registry, 'GET', '/v2/x/tags/list')).rejects.toThrow();
    expect(registry.requests.map(({ path, status }) => [path, status])).toEqual([
      ['/v2/', 503],
      ['/v2/x/tags/list', 0],
    ]);
  });

  it('sends blob readers to a store that refuses credentials', async () => {
    registry.settings.blobRedirect = true;
    const moved = await ask(registry, 'GET', `/v2/${REPOSITORY}/blobs/${digest('{}')}`);
    const location = moved.headers.get('location') ?? '';
    expect([moved.status, new URL(location).host]).toEqual([307, registry.sideHost]);
    expect(await (await fetch(location)).text()).toBe('{}');
    expect((await fetch(location, { headers: { authorization: 'Bearer x' } })).status).toBe(400);
    expect(
      (await fetch(`${registry.sideUrl}/stored/${REPOSITORY}/${digest('absent')}`)).status,
    ).toBe(404);
  });

  it('serves https with a certificate of its own authority', async () => {
    const secure = await startRegistry({ tls: true });
    try {
      const status = await new Promise<number | undefined>((resolve, reject) => {
        httpsRequest(`${secure.url}/v2/`, { ca: secure.ca }, (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        })
          .on('error', reject)
          .end();
      });
      expect(status).toBe(200);
      await expect(ask(secure, 'GET', '/v2/')).rejects.toThrow();
    } finally {
      await secure.close();
    }
  });
});
