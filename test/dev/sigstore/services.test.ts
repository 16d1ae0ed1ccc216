import { X509Certificate, generateKeyPairSync, sign } from 'node:crypto';

import { type RunningSigstore, startSigstore } from '../../../dev/sigstore';

let sigstore: RunningSigstore;

beforeAll(async () => {
  sigstore = await startSigstore();
});
afterAll(() => sigstore.close());

const post = (url: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();

function certificateRequest(token: string, challenge: string) {
  return {
    credentials: { oidcIdentityToken: token },
    publicKeyRequest: {
      publicKey: { algorithm: 'ECDSA', content: pem },
      proofOfPossession: sign('sha256', Buffer.from(challenge), privateKey).toString('base64'),
    },
  };
}

describe('Fulcio', () => {
  const ask = (token: string, challenge = 'https://a.example/x') =>
    post(`${sigstore.fulcioUrl}/api/v2/signingCert`, certificateRequest(token, challenge));

  test('returns a certificate, its intermediate and the root in the trust bundle', async () => {
    const response = await ask(sigstore.issuer.token({ subject: 'https://a.example/x' }));
    const { signedCertificateEmbeddedSct } = (await response.json()) as {
      signedCertificateEmbeddedSct: { chain: { certificates: string[] } };
    };
    const chain = signedCertificateEmbeddedSct.chain.certificates.map(
      (text) => new X509Certificate(text),
    );
    expect(chain).toHaveLength(3);
    expect(chain[0]?.verify(chain[1]!.publicKey)).toBe(true);
    expect(chain[1]?.verify(chain[2]!.publicKey)).toBe(true);
    expect(chain[0]?.subjectAltName).toBe('URI:https://a.example/x');
    const bundle = (await (await fetch(`${sigstore.fulcioUrl}/api/v2/trustBundle`)).json()) as {
      chains: { certificates: string[] }[];
    };
    expect(bundle.chains[0]?.certificates).toEqual(chain.slice(1).map(String));
  });

  test('takes the token from the header and writes an e-mail identity', async () => {
    const { credentials, ...body } = certificateRequest(
      sigstore.issuer.token({ email: 'dev@example.com' }),
      'dev@example.com',
    );
    const response = await post(`${sigstore.fulcioUrl}/api/v2/signingCert`, body, {
      authorization: `Bearer ${credentials.oidcIdentityToken}`,
    });
    const { signedCertificateEmbeddedSct } = (await response.json()) as {
      signedCertificateEmbeddedSct: { chain: { certificates: string[] } };
    };
    const leaf = new X509Certificate(signedCertificateEmbeddedSct.chain.certificates[0]!);
    expect(leaf.subjectAltName).toBe('email:dev@example.com');
  });

  test.each([
    ['a forged token', () => sigstore.issuer.forgedToken({ subject: 'https://a.example/x' })],
    [
      'another audience',
      () => sigstore.issuer.token({ subject: 'https://a.example/x', audience: 'other' }),
    ],
    [
      'an expired token',
      () => sigstore.issuer.token({ subject: 'https://a.example/x', expiresIn: -60 }),
    ],
    ['no token', () => ''],
    ['what is no token', () => 'a.b.c'],
    [
      'another issuer',
      () =>
        sigstore.issuer.token({ subject: 'https://a.example/x', claims: { iss: 'https://other' } }),
    ],
    [
      'an unverified e-mail address',
      () => sigstore.issuer.token({ email: 'a@b.example', claims: { email_verified: false } }),
    ],
  ])('refuses %s without echoing it', async (_, token) => {
    const response = await ask(token());
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      code: 3,
      message: 'There was an error processing the identity token',
      details: [],
    });
  });

  test('refuses a proof of possession for another subject', async () => {
    const response = await ask(
      sigstore.issuer.token({ subject: 'https://a.example/x' }),
      'https://b.example',
    );
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      message: expect.stringContaining('signature supplied'),
    });
  });
});

describe('OIDC issuer', () => {
  test('discovery leads to the keys', async () => {
    const discovery = (await (
      await fetch(`${sigstore.issuer.url}/.well-known/openid-configuration`)
    ).json()) as { issuer: string; jwks_uri: string };
    expect(discovery.issuer).toBe(sigstore.issuer.url);
    const { keys } = (await (await fetch(discovery.jwks_uri)).json()) as {
      keys: { alg: string }[];
    };
    expect(keys).toMatchObject([{ kty: 'RSA', alg: 'RS256' }]);
  });

  test('the token endpoint of Actions wants the request token', async () => {
    const { ACTIONS_ID_TOKEN_REQUEST_URL } = sigstore.issuer.actionsEnvironment();
    const response = await fetch(`${ACTIONS_ID_TOKEN_REQUEST_URL}&audience=sigstore`, {
      headers: { authorization: 'bearer wrong' },
    });
    expect(response.status).toBe(401);
  });
});

const TYPE = 'application/vnd.in-toto+json';

describe('Rekor', () => {
  const payload = Buffer.from('{"subject":[{"digest":{"sha256":"feed"}}]}');
  const message = (type: string, body: Buffer) =>
    Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${body.length} `), body]);
  const envelopeOf = (sig: Buffer) =>
    JSON.stringify({
      payload: payload.toString('base64'),
      payloadType: TYPE,
      signatures: [{ sig: sig.toString('base64') }],
    });
  const proposal = (envelope: string) => ({
    apiVersion: '0.0.1',
    kind: 'dsse',
    spec: { proposedContent: { envelope, verifiers: [Buffer.from(pem).toString('base64')] } },
  });
  const add = (body: unknown) => post(`${sigstore.rekorUrl}/api/v1/log/entries`, body);

  test('finds an entry by identifier, by index, by content and by what it is about', async () => {
    const entry = proposal(envelopeOf(sign('sha256', message(TYPE, payload), privateKey)));
    const created = await add(entry);
    expect(created.status).toBe(201);
    const answer = (await created.json()) as Record<string, { logIndex: number; body: string }>;
    const [uuid, { logIndex, body }] = Object.entries(answer)[0]!;
    const location = `/api/v1/log/entries/${uuid}`;
    expect(created.headers.get('location')).toBe(location);

    const again = await add(entry);
    expect(again.status).toBe(409);
    expect(again.headers.get('location')).toBe(location);

    for (const path of [
      location,
      `/api/v1/log/entries?logIndex=${logIndex}`,
      location.replace(uuid, uuid.slice(16)),
    ]) {
      const got = (await (await fetch(sigstore.rekorUrl + path)).json()) as typeof answer;
      expect(got[uuid]?.body).toBe(body);
    }
    const retrieve = `${sigstore.rekorUrl}/api/v1/log/entries/retrieve`;
    for (const query of [
      { entryUUIDs: [uuid] },
      { logIndexes: [logIndex] },
      { entries: [entry] },
    ]) {
      const got = (await (await post(retrieve, query)).json()) as (typeof answer)[];
      expect(got.map((item) => Object.keys(item))).toEqual([[uuid]]);
    }
    const index = `${sigstore.rekorUrl}/api/v1/index/retrieve`;
    for (const query of [
      { hash: 'sha256:feed' },
      { publicKey: { format: 'x509', content: Buffer.from(pem).toString('base64') } },
    ]) {
      expect(await (await post(index, query)).json()).toContain(uuid);
    }
    expect(await (await post(index, { email: 'nobody@example.com' })).json()).toEqual([]);
  });

  test.each([
    [
      'a wrong signature',
      () => proposal(envelopeOf(sign('sha256', Buffer.from('other'), privateKey))),
    ],
    ['an envelope that is no JSON', () => proposal('{')],
    [
      'no signature',
      () => proposal(JSON.stringify({ payload: '', payloadType: 'x', signatures: [] })),
    ],
    ['an unknown kind', () => ({ apiVersion: '0.0.1', kind: 'rpm', spec: {} })],
    ['an unknown version', () => ({ apiVersion: '9', kind: 'dsse', spec: {} })],
    ['an empty body', () => ({})],
    [
      'a hashedrekord whose signature is over another digest',
      () => ({
        apiVersion: '0.0.1',
        kind: 'hashedrekord',
        spec: {
          data: { hash: { algorithm: 'sha256', value: 'ab'.repeat(32) } },
          signature: {
            content: sign('sha256', payload, privateKey).toString('base64'),
            publicKey: { content: Buffer.from(pem).toString('base64') },
          },
        },
      }),
    ],
  ])('refuses %s', async (_, body) => {
    const before = sigstore.log.entries.length;
    const response = await add(body());
    expect(response.status).toBe(400);
    expect(sigstore.log.entries).toHaveLength(before);
  });

  test('returns the size of the tree, and 404 for missing entries', async () => {
    const info = (await (await fetch(`${sigstore.rekorUrl}/api/v1/log`)).json()) as {
      treeSize: number;
    };
    expect(info.treeSize).toBe(sigstore.log.entries.length);
    const key = await (await fetch(`${sigstore.rekorUrl}/api/v1/log/publicKey`)).text();
    expect(key).toContain('BEGIN PUBLIC KEY');
    expect((await fetch(`${sigstore.rekorUrl}/api/v1/log/entries/${'0'.repeat(64)}`)).status).toBe(
      404,
    );
    expect((await fetch(`${sigstore.rekorUrl}/api/v1/log/entries?logIndex=5`)).status).toBe(404);
  });
});

describe('timestamp authority', () => {
  test('returns 400 for an invalid request', async () => {
    const response = await fetch(sigstore.tsaUrl, { method: 'POST', body: 'nonsense' });
    expect(response.status).toBe(400);
  });

  test('shows its chain', async () => {
    const text = await (await fetch(`${sigstore.tsaUrl}/certchain`)).text();
    expect(text.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  });
});
