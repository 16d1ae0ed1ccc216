import { generateKeyPairSync } from 'node:crypto';

import { parseKeyReference, type KeyBackend } from '../../src/key';
import { thrownBy } from '../sign/support/failure';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const PEM = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();

async function privateTextOf(place: KeyBackend): Promise<string | undefined> {
  if (place.kind !== 'stored') return undefined;
  const host = { env: {}, readFile: () => Promise.reject(new Error('no file is read')) };
  return (await place.readPrivateKey(host)).pem;
}

describe('a key reference', () => {
  it.each([
    ['cosign.key', 'the file cosign.key'],
    [' ./keys/cosign.key\n', 'the file ./keys/cosign.key'],
    ['C:\\keys\\cosign.key', 'the file C:\\keys\\cosign.key'],
    ['env://COSIGN_PRIVATE_KEY', 'the environment variable COSIGN_PRIVATE_KEY'],
  ])('%j is %s', (ref, description) => {
    expect(parseKeyReference(ref).description).toBe(description);
  });

  it('is PEM text where it has a PEM block, also after other lines, and is described without it', async () => {
    const place = parseKeyReference(`# my key\n${PEM}`);
    expect(place.description).toBe('the PEM text');
    expect(await privateTextOf(place)).toBe(`# my key\n${PEM}`.trim());
  });

  it('to a URL is rejected, because it does not prove the owner of the key', () => {
    const error = thrownBy(() => parseKeyReference('https://example.com/cosign.key'));
    expect(error.code).toBe('KEY_REFERENCE_INVALID');
    expect(error.message).toContain('save it to a file');
  });

  it('to GitHub is refused with the variable to use', () => {
    const error = thrownBy(() => parseKeyReference('github://owner/repo'));
    expect(error.message).toContain('GitHub never returns secrets');
    expect(error.message).toContain('env://COSIGN_PRIVATE_KEY');
  });

  it('with an unknown scheme lists the known ones', () => {
    const error = thrownBy(() => parseKeyReference('vault://secret/key'));
    expect(error.message).toContain('vault:// is not a supported key source');
    for (const known of ['a path', 'PEM text', 'env://']) expect(error.message).toContain(known);
  });

  it.each(['', '  ', 'env://', 'env://A B', 'env://1A', 'line\nline'])('%j is refused', (ref) => {
    expect(thrownBy(() => parseKeyReference(ref)).code).toBe('KEY_REFERENCE_INVALID');
  });

  it.each([
    ['a PEM text', Buffer.from(PEM).toString('base64')],
    ['DER', privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64')],
  ])('that is %s in base64 is not taken, and printed, as a path', (_, encoded) => {
    const error = thrownBy(() => parseKeyReference(encoded));
    expect(error.message).toContain('base64');
    expect(error.message).not.toContain(encoded.slice(0, 20));
  });
});
