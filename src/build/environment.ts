/**
 * What a builder has no use for. A build runs code of others (base images, packages), so the keys
 * and tokens that sign the result must not be within its reach.
 */
const WITHHELD = [
  'COSIGN_PASSWORD',
  'COSIGN_PRIVATE_KEY',
  'SIGSTORE_ID_TOKEN',
  'ACTIONS_ID_TOKEN_REQUEST_TOKEN',
  'ACTIONS_ID_TOKEN_REQUEST_URL',
  'PULUMI_ACCESS_TOKEN',
  'PULUMI_CONFIG_PASSPHRASE',
  'PULUMI_CONFIG_PASSPHRASE_FILE',
  'VAULT_TOKEN',
];

/** The environment of a builder's process. */
export function builderEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = { ...env };
  for (const name of WITHHELD) delete own[name];
  return own;
}

/**
 * The variable that carries the n-th build secret: in argv every user of the machine could read the
 * value, and a file would have to be written.
 */
export function secretVariable(index: number): string {
  return `SIGNED_IMAGE_BUILD_SECRET_${index}`;
}

/** All build secrets as variables. */
export function secretEnvironment(secrets: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.keys(secrets)
      .sort()
      .map((id, index) => [secretVariable(index), secrets[id]]),
  );
}
