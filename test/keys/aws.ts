import { CreateAliasCommand, CreateKeyCommand, type KeySpec, KMSClient } from '@aws-sdk/client-kms';
import { readFile } from 'node:fs/promises';

import { type Moto, startMoto } from '../../dev/kms';
import { KEY_SOURCES, processHost, type SigningHost } from '../../src/sign';
import type { RunningSource, SourceCase } from './source-case';

const REGION = 'eu-central-1';
const ALIAS = 'alias/images';

/** The emulator takes any. */
const CREDENTIALS = {
  AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'canary-secret-access-key',
  AWS_REGION: REGION,
};

interface MadeKey {
  readonly id: string;
  readonly arn: string;
}

/** A key with an alias, made as an administrator would. */
async function makeKey(moto: Moto, spec: KeySpec): Promise<MadeKey> {
  const client = new KMSClient({
    endpoint: moto.url,
    region: REGION,
    credentials: {
      accessKeyId: CREDENTIALS.AWS_ACCESS_KEY_ID,
      secretAccessKey: CREDENTIALS.AWS_SECRET_ACCESS_KEY,
    },
    ...(moto.caFile === undefined
      ? {}
      : { requestHandler: { httpsAgent: { ca: await readFile(moto.caFile, 'utf8') } } }),
  });
  const { KeyMetadata } = await client.send(
    new CreateKeyCommand({ KeySpec: spec, KeyUsage: 'SIGN_VERIFY' }),
  );
  const { KeyId: id = '', Arn: arn = '' } = KeyMetadata ?? {};
  await client.send(new CreateAliasCommand({ AliasName: ALIAS, TargetKeyId: id }));
  client.destroy();
  return { id, arn };
}

interface AwsCase {
  readonly spec?: KeySpec;
  readonly tls?: boolean;
  readonly ref: (key: MadeKey, moto: Moto) => string;
}

const inMoto =
  ({ spec = 'ECC_NIST_P256', tls = false, ref: refOf }: AwsCase) =>
  async (): Promise<RunningSource> => {
    const moto = await startMoto({ tls });
    const ref = refOf(await makeKey(moto, spec), moto);
    const { caFile } = moto;
    const place = caFile === undefined ? { AWS_ENDPOINT_URL: moto.url } : { AWS_CA_BUNDLE: caFile };
    const env = { ...CREDENTIALS, ...place };
    return {
      config: { key: { ref } },
      env,
      publicRef: ref,
      cosign: { key: ref, env },
      stop: () => moto.close(),
    };
  };

/** With a key that `signed-image keys generate` makes. */
const generated = async (): Promise<RunningSource> => {
  const moto = await startMoto();
  const ref = `awskms:///${ALIAS}`;
  const env = { ...CREDENTIALS, AWS_ENDPOINT_URL: moto.url };
  const host: SigningHost = { ...processHost(), env };
  const source = KEY_SOURCES.find(({ prefixes }) => prefixes.includes('awskms://'));
  await source?.generate?.(ref, {}, host);
  return {
    config: { key: { ref } },
    env,
    publicRef: ref,
    cosign: { key: ref, env },
    stop: () => moto.close(),
  };
};

export const AWS_CASES: readonly SourceCase[] = [
  {
    source: 'awskms:// (alias)',
    against: 'emulator',
    start: inMoto({ ref: () => `awskms:///${ALIAS}` }),
  },
  {
    source: 'awskms:// (key id, endpoint, TLS)',
    against: 'emulator',
    start: inMoto({ tls: true, ref: ({ id }, { host }) => `awskms://${host}/${id}` }),
  },
  {
    source: 'awskms:// (ARN, RSA 2048)',
    against: 'emulator',
    start: inMoto({ spec: 'RSA_2048', ref: ({ arn }) => `awskms:///${arn}` }),
  },
  { source: 'awskms:// (a key that we made)', against: 'emulator', start: generated },
];
