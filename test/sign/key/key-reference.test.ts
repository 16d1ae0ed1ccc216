import { generateKeyPairSync } from 'node:crypto';

import { describeKeyReference, parseKeyReference } from '../../../src/sign/key';
import { thrownBy } from '../support/failure';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const PEM = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();

describe('a key reference', () => {
  it.each([
    ['cosign.key', { scheme: 'path', path: 'cosign.key' }],
    [' ./keys/cosign.key\n', { scheme: 'path', path: './keys/cosign.key' }],
    ['C:\\keys\\cosign.key', { scheme: 'path', path: 'C:\\keys\\cosign.key' }],
    ['env://COSIGN_PRIVATE_KEY', { scheme: 'env', name: 'COSIGN_PRIVATE_KEY' }],
  ])('%j is read as %j', (ref, expected) => {
    expect(parseKeyReference(ref)).toEqual(expected);
  });

  it('is PEM text where it has a PEM block, also after other lines', () => {
    expect(parseKeyReference(`# my key\n${PEM}`)).toEqual({
      scheme: 'pem',
      pem: `# my key\n${PEM}`.trim(),
    });
  });

  it.each([
    'k8s://ns/name',
    'awskms:///alias/key',
    'gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k',
    'azurekms://vault.vault.azure.net/key',
    'hashivault://key',
    'openbao://key',
    'gitlab://group/project',
    'https://example.com/cosign.key',
    'pkcs11:token=x',
  ])('%s is known, and refused with what to use instead', (ref) => {
    const error = thrownBy(() => parseKeyReference(ref));
    expect(error.code).toBe('KEY_REFERENCE_INVALID');
    expect(error.message).toContain(
      'is a key source of cosign that this version does not read yet; use a path, PEM text or env://',
    );
  });

  it('to GitHub is refused with the variable to use', () => {
    const error = thrownBy(() => parseKeyReference('github://owner/repo'));
    expect(error.message).toContain('GitHub never returns secrets');
    expect(error.message).toContain('env://COSIGN_PRIVATE_KEY');
  });

  it('with an unknown scheme lists the known ones', () => {
    const error = thrownBy(() => parseKeyReference('vault://secret/key'));
    expect(error.message).toContain('vault:// is no known key source');
    for (const known of ['env://', 'awskms://', 'k8s://']) expect(error.message).toContain(known);
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

  it('is described without its PEM text', () => {
    expect(describeKeyReference({ scheme: 'pem', pem: PEM })).toBe('the PEM text');
    expect(describeKeyReference({ scheme: 'path', path: 'a.key' })).toBe('the file a.key');
    expect(describeKeyReference({ scheme: 'env', name: 'A' })).toBe('the environment variable A');
  });
});
