/** Variables that docker, buildx, podman and buildah read and that do not contain credentials of this package. */
const READ_BY_BUILDERS: readonly string[] = [
  // The process, its user and its terminal.
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'HOSTNAME', 'TMPDIR', 'TMP', 'TEMP', 'PWD'],
  ...['LANG', 'LANGUAGE', 'TZ', 'TERM', 'COLUMNS', 'NO_COLOR', 'CLICOLOR', 'LD_LIBRARY_PATH'],
  ...['GODEBUG', 'GOMAXPROCS', 'DBUS_SESSION_BUS_ADDRESS', 'SSH_AUTH_SOCK', 'container'],
  // Windows.
  ...['PATHEXT', 'SYSTEMROOT', 'SYSTEMDRIVE', 'WINDIR', 'COMSPEC', 'OS', 'PUBLIC', 'USERPROFILE'],
  ...['USERNAME', 'USERDOMAIN', 'HOMEDRIVE', 'HOMEPATH', 'APPDATA', 'LOCALAPPDATA', 'PROGRAMDATA'],
  ...['PROGRAMFILES', 'PROGRAMFILES(X86)', 'PROGRAMW6432', 'PROCESSOR_ARCHITECTURE'],
  ...['NUMBER_OF_PROCESSORS', 'WSL_DISTRO_NAME', 'WSL_INTEROP'],
  // The network: proxies and certificate authorities.
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'ALL_PROXY', 'NO_PROXY'],
  ...['http_proxy', 'https_proxy', 'ftp_proxy', 'all_proxy', 'no_proxy'],
  ...['SSL_CERT_FILE', 'SSL_CERT_DIR', 'NIX_SSL_CERT_FILE'],
  // https://docs.docker.com/reference/cli/docker/#environment-variables
  ...['DOCKER_API_VERSION', 'DOCKER_AUTH_CONFIG', 'DOCKER_BUILDKIT', 'DOCKER_CERT_PATH'],
  ...['DOCKER_CLI_EXPERIMENTAL', 'DOCKER_CLI_HINTS', 'DOCKER_CONFIG', 'DOCKER_CONTEXT'],
  ...['DOCKER_CUSTOM_HEADERS', 'DOCKER_DEFAULT_PLATFORM', 'DOCKER_HOST', 'DOCKER_TLS'],
  ...['DOCKER_TLS_VERIFY', 'DOCKER_TMPDIR'],
  // podman and buildah.
  ...['CONTAINER_HOST', 'CONTAINER_CONNECTION', 'CONTAINER_SSHKEY', 'REGISTRY_AUTH_FILE'],
  ...['REGISTRIES_CONFIG_PATH', 'MACHINE_STORAGE_PATH'],
  // The Kubernetes driver of buildx.
  ...['KUBECONFIG', 'KUBERNETES_SERVICE_HOST', 'KUBERNETES_SERVICE_PORT'],
  // https://reproducible-builds.org/specs/source-date-epoch/
  'SOURCE_DATE_EPOCH',
];

const FAMILIES = /^(?:LC|XDG|BUILDX|BUILDKIT|CONTAINERS|_CONTAINERS|BUILDAH|PODMAN|STORAGE)_/;
/** Names in a family that are credentials: `BUILDX_BAKE_GIT_AUTH_TOKEN`. */
const CREDENTIAL = /TOKEN|PASSW|PASSPHRASE|SECRET|CREDENTIAL|PRIVATE|AUTH_HEADER/;

const NAMES: ReadonlySet<string> = new Set(READ_BY_BUILDERS);
const WINDOWS_NAMES: ReadonlySet<string> = new Set(
  READ_BY_BUILDERS.map((name) => name.toUpperCase()),
);

/** Whether builders read this variable, and it is not a credential for another purpose. */
export function isReadByBuilders(name: string, platform = process.platform): boolean {
  if (platform === 'win32') {
    const upper = name.toUpperCase();
    return WINDOWS_NAMES.has(upper) || (FAMILIES.test(upper) && !CREDENTIAL.test(upper));
  }
  return NAMES.has(name) || (FAMILIES.test(name) && !CREDENTIAL.test(name));
}

/**
 * Further variables that affect a program, its runtime or its child processes. A build argument of
 * such a name is not passed in an environment variable.
 */
const CHANGES_A_PROCESS = new RegExp(
  '^(?:LD|DYLD|MALLOC|GRPC|OTEL|GIT|SSH|SSL|AWS|AZURE|ACR|GOOGLE|CLOUDSDK|KUBE|DOCKER|CONTAINER|' +
    'REGISTRY|REGISTRIES|SIGNED_IMAGE|ACTIONS|DBUS|GPG|PASSWORD_STORE|RES|BASH)_|' +
    '^(?:GODEBUG|GOGC|GOMAXPROCS|GOMEMLIMIT|GOTRACEBACK|GOCOVERDIR|GLIBC_TUNABLES|GNUPGHOME|' +
    'LOCALDOMAIN|HOSTALIASES|IFS|ENV)$',
);

/** Whether a variable of this name would affect the builder itself. Compared in upper case, because Windows ignores case. */
export function changesBuilder(name: string): boolean {
  const upper = name.toUpperCase();
  return (
    isReadByBuilders(name) ||
    WINDOWS_NAMES.has(upper) ||
    FAMILIES.test(upper) ||
    CHANGES_A_PROCESS.test(upper)
  );
}

const NONE = /(?!)/;

/** The variables with the credentials of a cache, by cache type, as read by BuildKit's client. */
const CACHE_VARIABLES: Readonly<Record<string, RegExp>> = {
  gha: /^ACTIONS_(?:CACHE_URL|CACHE_SERVICE_V2|RESULTS_URL|RUNTIME_URL|RUNTIME_TOKEN)$/,
  s3: /^AWS_/,
  azblob: /^AZURE_/,
};

/** Returns a pattern for the variables that a cache source or destination needs (`type=s3,...`). */
export function variablesOfCache(entry: string): RegExp {
  const type = /(?:^|,)\s*type=([a-z0-9]+)/.exec(entry)?.[1] ?? '';
  return Object.hasOwn(CACHE_VARIABLES, type) ? (CACHE_VARIABLES[type] ?? NONE) : NONE;
}

/** The variables that a credential helper reads, by its name (`docker-credential-NAME`). */
const HELPER_VARIABLES: readonly (readonly [name: RegExp, variables: RegExp])[] = [
  [/^ecr-login$/, /^AWS_/],
  [/^(?:gcloud|gcr)$/, /^(?:CLOUDSDK_|GOOGLE_|GCE_METADATA_)/],
  [/^acr(?:-|$)/, /^(?:AZURE_|ACR_|IDENTITY_ENDPOINT$|IDENTITY_HEADER$|MSI_)/],
  [/^pass$/, /^(?:PASSWORD_STORE_|GNUPGHOME$|GPG_)/],
  [/^secretservice$/, /^(?:DISPLAY|XAUTHORITY)$/],
];

/** Returns a pattern for the variables that a credential helper needs. */
export function variablesOfHelper(helper: string): RegExp {
  return HELPER_VARIABLES.find(([name]) => name.test(helper))?.[1] ?? NONE;
}
