import { readFile } from 'node:fs/promises';

import { parseBoundedJson } from '../http/json-bounds';
import { isLoopback } from '../http/local-address';
import { declaredCertificate, type DeclaredClientCertificate } from '../oci/declared-certificate';
import {
  type CertificateFolders,
  hostCertificates,
  systemCertificateFolders,
} from '../oci/registry-certificates';
import type { BuildRequest } from './builder';
import { probe } from './process';
import type { BuildSession } from './session';

/** The settings of a registry that a daemon has of its own, and that a build cannot pass to it. */
export interface DaemonSettingsOptions {
  /** Environment of the commands that read the configuration of the daemon. */
  readonly env: NodeJS.ProcessEnv;
  /** `buildkit`: a BuildKit of its own, whose configuration cannot be read. */
  readonly daemon: 'docker' | 'buildkit';
  /** Whether `registry.insecure` cannot be passed either. */
  readonly insecure: boolean;
  /** Default: the `certs.d` folders of docker. */
  readonly folders?: CertificateFolders;
}

/**
 * Logs before the build which of the declared settings its daemon must be configured with, unless it is as far as
 * that can be read: `certs.d` on this machine, and the `insecure-registries` of the daemon.
 */
export async function logDaemonSettings(
  session: BuildSession,
  options: DaemonSettingsOptions,
): Promise<void> {
  const { caFile, clientCertificate, insecure } = session.request.registry;
  if ((caFile ?? clientCertificate) === undefined && !(insecure && options.insecure)) return;
  if (options.daemon === 'buildkit') logBuildkitSettings(session);
  else await logDockerSettings(session, options);
}

function logBuildkitSettings({ request, log }: BuildSession): void {
  const { registry } = request.reference.repository;
  const section = `in buildkitd.toml of the builder, section [registry."${registry}"]`;
  if (request.registry.caFile !== undefined)
    log(`registry.caFile cannot be passed to BuildKit: set \`ca\` ${section}`);
  if (request.registry.clientCertificate !== undefined)
    log(`registry.clientCertificate cannot be passed to BuildKit: set \`keypair\` ${section}`);
}

async function logDockerSettings(
  { request, log }: BuildSession,
  { env, insecure: needsInsecure, folders = dockerFolders(env) }: DaemonSettingsOptions,
): Promise<void> {
  const { registry } = request.reference.repository;
  const { caFile, clientCertificate, insecure } = request.registry;
  const isUnverified =
    isLoopback(new URL(`http://${registry}`)) || (await isInsecure(registry, env));
  if (insecure && needsInsecure && !isUnverified) {
    log(
      `registry.insecure cannot be passed to the docker daemon, and its insecure-registries do not list ${registry}: ` +
        'the push fails unless the registry has a certificate that the daemon trusts; add it to daemon.json, or use podman or buildah',
    );
  }
  if ((caFile ?? clientCertificate) === undefined) return;
  const found = (await isLocalDaemon(env)) ? await certificatesIn(registry, folders) : [];
  const place = `/etc/docker/certs.d/${registry} on the machine of the docker daemon`;
  if (caFile !== undefined && !isUnverified && !(await hasAuthority(caFile, found))) {
    log(
      `registry.caFile cannot be passed to the docker daemon: the push fails unless the daemon trusts it; copy it to ${place}, as ca.crt`,
    );
  }
  if (clientCertificate !== undefined && !(await hasClient(clientOf(request), found))) {
    log(
      `registry.clientCertificate cannot be passed to the docker daemon: the push fails unless the daemon has it; copy it with its key to ${place}, as client.cert and client.key`,
    );
  }
}

const clientOf = ({ reference, registry }: BuildRequest) => ({
  host: reference.repository.registry,
  clientCertificate: registry.clientCertificate,
  clientKey: registry.clientKey,
});

/** Entries with a network (`10.0.0.0/8`) may match an address or a name, and without a response nothing is known. */
async function isInsecure(registry: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  const result = await probe('docker', ['info', '--format', '{{json .RegistryConfig}}'], env);
  if (result?.code !== 0) return true;
  try {
    const config = parseBoundedJson(result.stdout.join('')) as {
      readonly IndexConfigs?: Readonly<Record<string, { readonly Secure?: boolean }>>;
      readonly InsecureRegistryCIDRs?: readonly string[] | null;
    } | null;
    const networks = (config?.InsecureRegistryCIDRs ?? []).filter((each) => !LOOPBACK.has(each));
    return networks.length > 0 || config?.IndexConfigs?.[registry]?.Secure === false;
  } catch {
    return true;
  }
}

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.0/8', '::1/128']);

/** Whether the daemon reads the folders of this machine. `docker context inspect` also takes `DOCKER_HOST` into account. */
async function isLocalDaemon(env: NodeJS.ProcessEnv): Promise<boolean> {
  const format = ['--format', '{{.Endpoints.docker.Host}}'];
  const result = await probe('docker', ['context', 'inspect', ...format], env);
  const host = result?.code === 0 ? result.stdout.at(-1) : undefined;
  return /^(?:unix|npipe):/.test(host ?? '');
}

/** The system's, and the user's of a rootless daemon. */
function dockerFolders(env: NodeJS.ProcessEnv): CertificateFolders {
  const { roots, platform } = systemCertificateFolders(env);
  return { roots: roots.filter((root) => /[/\\]docker[/\\]/.test(root)), platform };
}

type Certificates = Awaited<ReturnType<typeof hostCertificates>>;

/** Files that cannot be read are reported by the registry client. */
async function certificatesIn(
  registry: string,
  { roots, platform }: CertificateFolders,
): Promise<readonly Certificates[]> {
  const none: Certificates = { ca: undefined, client: undefined };
  return Promise.all(
    roots.map((root) =>
      hostCertificates([registry], { roots: [root], platform }).catch(() => none),
    ),
  );
}

async function hasAuthority(caFile: string, found: readonly Certificates[]): Promise<boolean> {
  const declared = blocksOf(await readFile(caFile, 'utf8').catch(() => ''));
  return found.some(({ ca = '' }) => {
    const present = new Set(blocksOf(ca));
    return declared.length > 0 && declared.every((block) => present.has(block));
  });
}

async function hasClient(
  declared: DeclaredClientCertificate,
  found: readonly Certificates[],
): Promise<boolean> {
  const pair = await declaredCertificate(declared).catch(() => undefined);
  const [wanted] = blocksOf(pair?.certificate ?? '');
  return (
    wanted !== undefined &&
    found.some(({ client }) => blocksOf(client?.certificate ?? '')[0] === wanted)
  );
}

/** The certificates of a PEM text, without white space, in which files differ. */
function blocksOf(pem: string): readonly string[] {
  const blocks = pem.match(/-----BEGIN [A-Z0-9 ]*CERTIFICATE-----[^-]+-----END/g) ?? [];
  return blocks.map((block) => block.replace(/-----[A-Z0-9 ]+(?:-----)?/g, '').replace(/\s+/g, ''));
}
