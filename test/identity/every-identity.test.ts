import { type RunningSigstore, startSigstore } from '../../dev/sigstore';
import { createSigningMaterial, validateSigningInputs } from '../../src/sign';
import { IDENTITY_CASES } from '../keys/identities';
import { testHost } from '../sign/support/host';

const { PATH } = process.env;

describe('every identity', () => {
  let sigstore: RunningSigstore;
  beforeAll(async () => {
    sigstore = await startSigstore();
  });
  afterAll(() => sigstore.close());

  it.each(IDENTITY_CASES.map((each) => [each.source, each] as const))(
    '%s signs with a certificate for the expected identity',
    async (_source, { start }) => {
      const running = await start({ sigstore });
      try {
        const { fulcioUrl, rekorUrl } = sigstore;
        const config = { ...running.config, sigstore: { fulcioUrl, rekorUrl } };
        const host = testHost({ ...running.host, env: { PATH, ...running.env } });
        expect(await validateSigningInputs(config, host)).toEqual([]);
        const material = await createSigningMaterial(config, host);
        const expected = { kind: 'keyless', ...running.identity };
        // What the token promises is what Fulcio then certifies.
        expect(material.description).toEqual(expected);
        const { key } = await material.signer.sign(Buffer.from('data'));
        expect(key.$case).toBe('x509Certificate');
        expect(material.description).toEqual(expected);
      } finally {
        await running.stop();
      }
    },
  );
});
