import { X509Certificate } from 'node:crypto';

import { makeCertificate } from '../../dev/registry';
import { certificateDer } from '../../src/storage';
import { readSignerCertificate } from '../../src/verify/signer-certificate';
import { type Lab, openLab } from './support/lab';
import { createKeylessSigner } from '../../src/sign';

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(() => lab.close());

/** DER of a certificate that the lab's Fulcio issues. */
async function issued(token: string): Promise<Buffer> {
  const identityProvider = { getToken: async () => token };
  const signer = createKeylessSigner({ fulcioUrl: lab.sigstore.fulcioUrl, identityProvider });
  await signer.sign(Buffer.from('anything'));
  const der = certificateDer(signer.certificate ?? '');
  if (!der) throw new Error('no certificate');
  return der;
}

test.each([
  ['a URI', { subject: 'https://ci.example.com/job' }, 'https://ci.example.com/job'],
  ['an e-mail address', { email: 'alice@example.com' }, 'alice@example.com'],
])('names %s and the issuer', async (_, request, identity) => {
  const { issuer } = lab.sigstore;
  expect(readSignerCertificate(await issued(issuer.token(request)))).toEqual({
    identity,
    issuer: issuer.url,
  });
});

test('one of a web server, or of an authority, signs nothing', async () => {
  const { cert, ca } = await makeCertificate();
  const der = (pem: string) => new X509Certificate(pem).raw;
  expect(() => readSignerCertificate(der(cert))).toThrow('not for code signing');
  expect(() => readSignerCertificate(der(ca))).toThrow('CA certificate');
});

/** Replaces bytes by others of the same number, at every occurrence. */
function patched(der: Buffer, from: string, to: string | Buffer): Buffer {
  const copy = Buffer.from(der);
  const wanted = Buffer.from(from);
  for (let at = copy.indexOf(wanted); at >= 0; at = copy.indexOf(wanted, at + 1)) {
    Buffer.from(to).copy(copy, at);
  }
  return copy;
}

describe('a name that could be read as another is refused', () => {
  const subject = 'https://ci.example.com/job';
  let der: Buffer;
  beforeAll(async () => {
    der = await issued(lab.sigstore.issuer.token({ subject }));
  });

  test('with bytes that are not ASCII', () => {
    // With the high bit dropped it would read as the trusted one.
    const twin = Buffer.from(subject);
    twin[0] = (twin[0] ?? 0) | 0x80;
    expect(() => readSignerCertificate(patched(der, subject, twin))).toThrow('not ASCII');
  });

  test('with an issuer that is not UTF-8', () => {
    const { url } = lab.sigstore.issuer;
    const broken = Buffer.from(url);
    broken[0] = 0xff;
    expect(() => readSignerCertificate(patched(der, url, broken))).toThrow('not UTF-8');
  });

  test('with two issuers', () => {
    const { url } = lab.sigstore.issuer;
    const copy = Buffer.from(der);
    copy.write('X', copy.indexOf(url));
    expect(() => readSignerCertificate(copy)).toThrow('two different OIDC issuers');
  });

  test('with no subject name, or one of another kind', () => {
    const oid = Buffer.from('0603551d11', 'hex');
    const nameless = Buffer.from(der);
    nameless[nameless.indexOf(oid) + 4] = 0x12;
    expect(() => readSignerCertificate(nameless)).toThrow('exactly one subject alternative name');
    const dns = Buffer.from(der);
    dns[dns.indexOf(subject) - 2] = 0x82;
    expect(() => readSignerCertificate(dns)).toThrow('unsupported type');
  });
});
