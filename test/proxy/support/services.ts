import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startGitlab } from '../../../dev/gitlab';
import { buildkiteAgent } from '../../../dev/identity';
import { storeImage } from '../../../dev/load/image';
import { startRegistry } from '../../../dev/registry';
import { startSigstore } from '../../../dev/sigstore';
import { startVault } from '../../../dev/vault';
import { resolveIdentityProvider } from '../../../src/identity';
import { discoverIssuer } from '../../../src/identity/login/issuer';
import { createKeySigner, type KeyHost, loadKeySigner } from '../../../src/key';
import { createRegistryClient } from '../../../src/oci';
import { createKeylessSigner, createWitnesses } from '../../../src/sigstore';
import { publicTrustedRoot } from '../../../src/trust/public-trusted-root';
import { testHost } from '../../sign/support/host';
import { startTufRepository } from '../../sigstore/support/tuf-repository';
import { type Front, startFront } from './front';

export const NAMES = [
  'registry',
  'token',
  'fulcio',
  'rekor',
  'rekor2',
  'tsa',
  'tuf',
  'vault',
  'gitlab',
  'actions',
  'buildkite',
  'issuer',
] as const;
export type ServiceName = (typeof NAMES)[number];

const PROJECT = 'acme/web/app';
const TOKEN = 'canary-proxy-service-token';

/** One use of each service, which fails if the service cannot be used. */
export interface Services {
  readonly front: Front;
  /** Runs each use; `env` is what identity and key sources find, beside the variables of proxies. */
  use(name: ServiceName, proxies: Readonly<Record<string, string>>): Promise<unknown>;
  close(): Promise<void>;
}

export async function startServices(): Promise<Services> {
  const front = await startFront(NAMES);
  const folder = await mkdtemp(join(tmpdir(), 'proxied-'));
  const sigstore = await startSigstore();
  const registry = await startRegistry();
  const vault = await startVault({ rootToken: TOKEN });
  const gitlab = await startGitlab({
    tokens: { [TOKEN]: { scope: 'api', roles: { [PROJECT]: 'maintainer' } } },
  });
  const buildkite = await buildkiteAgent(sigstore.issuer);
  const tuf = await startTufRepository('trusted_root.json', JSON.stringify(sigstore.trustedRoot));
  const origins = {
    registry: registry.url,
    token: registry.url,
    fulcio: sigstore.fulcioUrl,
    rekor: sigstore.rekorUrl,
    rekor2: sigstore.rekorV2Url,
    tsa: sigstore.tsaUrl,
    tuf: tuf.url,
    vault: vault.url,
    gitlab: gitlab.url,
    actions: sigstore.issuer.url,
    buildkite: buildkite.env['BUILDKITE_AGENT_ENDPOINT'] ?? '',
  };
  for (const [name, url] of Object.entries(origins)) front.serve(name, new URL(url).origin);
  front.serve('issuer', (_request, response) => {
    const issuer = front.urlOf('issuer');
    const endpoint = (path: string): string => `${issuer}/${path}`;
    response.setHeader('content-type', 'application/json').end(
      JSON.stringify({
        issuer,
        authorization_endpoint: endpoint('auth'),
        token_endpoint: endpoint('token'),
        jwks_uri: endpoint('keys'),
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256'],
      }),
    );
  });
  const image = storeImage(registry, 'team/app');
  registry.settings.auth = {
    kind: 'bearer',
    users: { w: 'canary-proxy-registry' },
    anonymousPull: true,
    realm: `${front.urlOf('token')}/token`,
  };
  vault.makeKey('release');
  const project = gitlab.store.add('project', PROJECT);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  gitlab.store.set(project, 'COSIGN_PRIVATE_KEY', pem);
  const tufRoot = join(folder, 'root.json');
  await writeFile(tufRoot, tuf.root);

  const call = { retries: 0 };
  const keyHost = (env: Readonly<Record<string, string>>): KeyHost => testHost({ env });
  const signer = createKeySigner(privateKey);
  const logged = async (options: Parameters<typeof createWitnesses>[0]): Promise<unknown> => {
    const data = randomBytes(16);
    const { signature } = await signer.sign(data);
    const digest = createHash('sha256').update(data).digest();
    const [witness] = createWitnesses({ ...options, call });
    return witness?.testify(
      {
        $case: 'messageSignature',
        messageSignature: { messageDigest: { algorithm: 1, digest }, signature },
      },
      signer.publicKey.pem,
    );
  };
  const tokenOf = async (env: Readonly<Record<string, string>>) =>
    (await resolveIdentityProvider({}, testHost({ env }))).getToken();
  const pull = async (): Promise<void> => {
    const client = createRegistryClient({
      registry: { host: front.hostOf('registry'), ca: front.ca },
      dockerConfig: 'none',
    });
    const found = await client.getManifest(
      { registry: front.hostOf('registry'), path: 'team/app' },
      image,
    );
    await client.close();
    if (!found) throw new Error('the image is not there');
  };
  let caches = 0;
  const uses: Readonly<
    Record<ServiceName, (proxies: Readonly<Record<string, string>>) => Promise<unknown>>
  > = {
    registry: pull,
    token: pull,
    fulcio: () =>
      createKeylessSigner({
        fulcioUrl: front.urlOf('fulcio'),
        identityProvider: {
          getToken: async () => sigstore.issuer.token({ subject: 'https://ci.example/job' }),
        },
        call,
      }).sign(Buffer.from('data')),
    rekor: () => logged({ logs: [{ url: front.urlOf('rekor'), version: 1 }] }),
    rekor2: () => logged({ logs: [{ url: front.urlOf('rekor2'), version: 2 }] }),
    tsa: () =>
      logged({
        authorities: [{ url: `${front.urlOf('tsa')}${new URL(sigstore.tsaUrl).pathname}` }],
      }),
    tuf: () =>
      publicTrustedRoot({
        mirrorURL: front.urlOf('tuf'),
        rootPath: tufRoot,
        cachePath: join(folder, `tuf-${(caches += 1)}`),
      }),
    vault: (proxies) =>
      loadKeySigner(
        { ref: 'hashivault://release' },
        keyHost({ ...proxies, VAULT_ADDR: front.urlOf('vault'), VAULT_TOKEN: TOKEN }),
      ),
    gitlab: (proxies) =>
      loadKeySigner(
        { ref: `gitlab://${PROJECT}` },
        keyHost({ ...proxies, GITLAB_HOST: front.urlOf('gitlab'), GITLAB_TOKEN: TOKEN }),
      ),
    actions: (proxies) => {
      const env = sigstore.issuer.actionsEnvironment();
      const url = new URL(env.ACTIONS_ID_TOKEN_REQUEST_URL);
      return tokenOf({
        ...proxies,
        ...env,
        ACTIONS_ID_TOKEN_REQUEST_URL: `${front.urlOf('actions')}${url.pathname}${url.search}`,
      });
    },
    buildkite: (proxies) =>
      tokenOf({
        ...proxies,
        ...buildkite.env,
        BUILDKITE_AGENT_ENDPOINT: `${front.urlOf('buildkite')}/v3`,
      }),
    issuer: () => discoverIssuer(front.urlOf('issuer'), 'sigstore'),
  };

  return {
    front,
    use: (name, proxies) => uses[name](proxies),
    close: async () => {
      tuf.close();
      await Promise.all([
        sigstore.close(),
        registry.close(),
        vault.close(),
        gitlab.close(),
        buildkite.stop(),
        front.close(),
      ]);
      await rm(folder, { recursive: true });
    },
  };
}
