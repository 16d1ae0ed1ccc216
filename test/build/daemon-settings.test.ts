import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { makeCertificate, type TestCertificate } from '../../dev/registry/tls';
import { type BuildRequest, buildxBuilder, dockerBuilder } from '../../src/build';
import { FakeTools } from './fake-tools';
import { Context } from './requests';

const HOST = 'registry.example:5000';
const IMAGE = `sha256:${'1'.repeat(64)}`;
const DIGEST = `sha256:${'e'.repeat(64)}`;

interface Daemon {
  readonly host?: string;
  readonly insecure?: string;
}

/** The answers of docker to what is read of its daemon, and a build. */
const docker = ({ host = 'unix:///var/run/docker.sock', insecure = '' }: Daemon = {}) => `
  if (argv[0] === 'context') console.log('${host}');
  if (argv[0] === 'info') console.log(argv.join().includes('RegistryConfig')
    ? '{"IndexConfigs":{"${insecure}":{"Secure":false}},"InsecureRegistryCIDRs":["127.0.0.0/8"]}' : '[]');
  if (argv[0] === 'image' && argv[1] === 'inspect')
    console.log('[{"Os":"linux","Architecture":"amd64","Config":{},"RepoDigests":["x@${DIGEST}"]}]');
  if (argv[0] === 'buildx' && argv[1] === 'inspect') console.log('Driver: remote');
  if (flag('--iidfile')) write(flag('--iidfile'), '${IMAGE}');
  if (flag('--metadata-file')) write(flag('--metadata-file'), '{"containerimage.digest":"${DIGEST}"}');
  if (argv[0] === 'push') console.log('v1: digest: ${DIGEST} size: 528');
`;

let tools: FakeTools;
let context: Context;
let [first, second]: readonly TestCertificate[] = [];
beforeAll(async () => {
  [first, second] = [await makeCertificate(), await makeCertificate()];
});
beforeEach(() => {
  tools = new FakeTools();
  context = new Context();
  context.write('ca.pem', first?.ca ?? '');
  context.write('.dockerignore', 'ca.pem\n');
});
afterEach(() => {
  tools.remove();
  context.remove();
});

/** The folder of a rootless daemon; that of the system is not written by tests. */
function install(files: Readonly<Record<string, string | undefined>>): void {
  const folder = join(tools.home, '.config', 'docker', 'certs.d', HOST);
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text ?? '');
}

type Registry = Partial<BuildRequest['registry']>;

async function notes(daemon: Daemon, registry: Registry, host = HOST): Promise<readonly string[]> {
  tools.add('docker', docker(daemon));
  const request = context.request(`${host}/app`, { registry: { insecure: false, ...registry } });
  const logged: string[] = [];
  await dockerBuilder({ env: tools.env }).build(request, (line, kind) => {
    if (kind === 'note') logged.push(line);
  });
  return logged;
}

const withCa = (): Registry => ({ caFile: join(context.folder, 'ca.pem') });
const withClient = (): Registry => ({
  clientCertificate: first?.cert ?? '',
  clientKey: first?.key ?? '',
});

describe('the certificate authority of a registry', () => {
  const NEEDED = expect.stringMatching(
    /^registry\.caFile .* \/etc\/docker\/certs\.d\/registry\.example:5000 on the machine of the docker daemon, as ca\.crt$/,
  ) as unknown;

  test('is named if the folders of the daemon do not have it', async () => {
    expect(await notes({}, withCa())).toEqual([NEEDED]);
    install({ 'other.crt': second?.ca });
    expect(await notes({}, withCa())).toEqual([NEEDED]);
  });

  test('is not named if they have it, beside others and with other line ends', async () => {
    install({ 'a.crt': second?.ca, 'b.crt': first?.ca.replaceAll('\n', '\r\n') });
    expect(await notes({}, withCa())).toEqual([]);
  });

  test('is named for a daemon of another machine, whose folders are not these', async () => {
    install({ 'ca.crt': first?.ca });
    expect(await notes({ host: 'ssh://builder.example' }, withCa())).toEqual([NEEDED]);
  });

  test('is not named if the daemon does not verify the registry', async () => {
    expect(await notes({ insecure: HOST }, withCa())).toEqual([]);
    expect(await notes({}, withCa(), '127.0.0.1:5000')).toEqual([]);
  });
});

test('a client certificate is named unless the folder has it', async () => {
  const needed = [expect.stringMatching(/^registry\.clientCertificate .* client\.key$/) as unknown];
  expect(await notes({}, withClient())).toEqual(needed);
  install({ 'client.cert': second?.cert, 'client.key': second?.key });
  expect(await notes({}, withClient())).toEqual(needed);
  install({ 'client.cert': first?.cert, 'client.key': first?.key });
  expect(await notes({}, withClient())).toEqual([]);
});

test('a registry without verified TLS is named unless the daemon lists it', async () => {
  const registry = { insecure: true };
  expect(await notes({}, registry)).toEqual([expect.stringContaining('insecure-registries')]);
  expect(await notes({ insecure: HOST }, registry)).toEqual([]);
});

test('a BuildKit of its own has its settings in buildkitd.toml', async () => {
  tools.add('docker', docker());
  const registry = { insecure: false, ...withCa(), ...withClient() };
  const logged: string[] = [];
  await buildxBuilder({ env: tools.env }).build(
    context.request(`${HOST}/app`, { registry }),
    (line, kind) => void (kind === 'note' && logged.push(line)),
  );
  expect(logged).toEqual([
    'registry.caFile cannot be passed to BuildKit: set `ca` in buildkitd.toml of the builder, section [registry."registry.example:5000"]',
    'registry.clientCertificate cannot be passed to BuildKit: set `keypair` in buildkitd.toml of the builder, section [registry."registry.example:5000"]',
  ]);
});
