import { pkcs11Keys } from '../../../src/key/pkcs11/pkcs11-source';
import { parsePkcs11Uri, showPkcs11Uri } from '../../../src/key/pkcs11/pkcs11-uri';
import { thrownBy } from '../../sign/support/failure';

const parse = (rest: string) => parsePkcs11Uri(`pkcs11:${rest}`);

describe('a pkcs11: URI', () => {
  it('is read as `cosign pkcs11-tool list-keys-uris` writes it', () => {
    const uri = parse(
      'token=My%20Token;slot-id=617735499;id=%ff%00%01;object=Release%20Key' +
        '?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-value=canary%204711',
    );
    expect(uri).toMatchObject({
      token: 'My Token',
      slotId: 617735499,
      id: Buffer.of(0xff, 0, 1),
      object: Buffer.from('Release Key'),
      modulePath: '/usr/lib/softhsm/libsofthsm2.so',
      pinValue: 'canary 4711',
      pinSource: undefined,
    });
  });

  it('takes what p11tool writes, and the separators of cosign', () => {
    const uri = parse('model=M;manufacturer=S;serial=1;token=T&id=%41;type=private;x-vendor=1');
    expect(uri).toMatchObject({ model: 'M', manufacturer: 'S', serial: '1', token: 'T' });
    expect(uri.id).toEqual(Buffer.from('A'));
  });

  it('reads a plus as cosign does', () => {
    expect(parse('token=My+Token;object=a%2Bb')).toMatchObject({
      token: 'My Token',
      object: Buffer.from('a+b'),
    });
  });

  it('treats an empty attribute as missing', () => {
    expect(parse('token=;slot-id=0;id=;object=k')).toMatchObject({
      token: undefined,
      slotId: 0,
      id: undefined,
    });
  });

  it.each([
    ['file:/run/pin', '/run/pin'],
    ['file:///run/pin', '/run/pin'],
    ['/run/pin', '/run/pin'],
    ['C:%5Cpin', 'C:\\pin'],
  ])('takes the PIN of %s', (source, path) => {
    expect(parse(`token=t;id=%01?pin-source=${source}`).pinSource).toBe(path);
  });

  it.each([
    ['', 'must name the token'],
    ['id=%01', 'must name the token'],
    ['token=t', 'must name the key'],
    ['token=t;id=', 'must name the key'],
    ['token=t;id=%1', 'must be written as %XX'],
    ['token=t;object=ä', 'must be written as %XX'],
    ['token=t;object=a b', 'must be written as %XX'],
    ['token=t;token=u;id=%01', 'twice'],
    ['token=t;object=R&D', 'name=value'],
    ['token=t;object=R&D=1', 'unsupported attribute'],
    ['token=t;label=x', 'the unsupported attribute "label"'],
    ['token=t;pin-value=1;id=%01', 'unsupported attribute'],
    ['token=%ff;id=%01', 'a token that is not UTF-8 text'],
    ['token=%00;id=%01', 'a token that is not UTF-8 text'],
    ['slot-id=-1;id=%01', 'a slot-id that is not a number'],
    ['slot-id=0x1;id=%01', 'a slot-id that is not a number'],
    ['token=t;id=%01#x', 'must be written as %23'],
    ['token=t;id=%01?module-name=x', 'unsupported attribute'],
    ['token=t;id=%01?pin-source=|cat%20pin', 'not an absolute path'],
    ['token=t;id=%01?pin-source=https://pin', 'not an absolute path'],
    ['token=t;id=%01?pin-source=/pin&pin-value=1', 'give one'],
    [`token=${'t'.repeat(5000)};id=%01`, 'longer than'],
  ])('is refused: %s', (rest, words) => {
    const error = thrownBy(() => parse(rest));
    expect(error.code).toBe('KEY_REFERENCE_INVALID');
    expect(error.message).toContain(words);
  });

  it('repeats no value when it is refused', () => {
    const pin = 'canary-pin';
    for (const rest of [`token=t;id=%01?pin-value=${pin}&pin-source=/x`, `token=${pin}%zz`]) {
      expect(thrownBy(() => parse(rest)).message).not.toContain(pin);
    }
  });

  it('is shown without the PIN, and differs from other keys', () => {
    const rest = 'token=My%20Token;id=%00A;object=a%3Bb?module-path=/opt/a%20b.so';
    expect(showPkcs11Uri(parse(`${rest}&pin-value=canary`))).toBe(
      'pkcs11:token=My%20Token;id=%00A;object=a%3bb?module-path=/opt/a%20b.so',
    );
    const places = ['token=t;id=%01', 'token=t;id=%02', 'slot-id=1;id=%01', 'token=t;object=%01'];
    const shown = places.map((each) => pkcs11Keys.parse(`pkcs11:${each}`).description);
    expect(new Set(shown).size).toBe(places.length);
  });

  it('has its scheme', () => {
    expect(thrownBy(() => parsePkcs11Uri('token=t;id=%01')).message).toContain('pkcs11:');
  });
});
