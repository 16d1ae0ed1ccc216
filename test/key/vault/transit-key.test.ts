import { parseTransitKey, parseTransitSignature } from '../../../src/key/vault/transit-key';

const PEM = '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n';
const answer = (data: unknown) => ({ data });
const failure = (code: string) => expect.objectContaining({ code });

describe("Vault's description of a key", () => {
  it.each([
    ['nothing', {}],
    ['no versions', answer({ latest_version: 1 })],
    ['a list of versions', answer({ latest_version: 1, keys: [] })],
    ['no latest version', answer({ keys: {} })],
    ['a latest version that is not a number', answer({ latest_version: '1', keys: {} })],
    ['a version below one', answer({ latest_version: 0, keys: { 0: {} } })],
    ['a damaged public key', answer({ latest_version: 1, keys: { 1: { public_key: PEM } } })],
  ])('with %s is not taken', (_title, json) => {
    expect(() => parseTransitKey(json, undefined)).toThrow(failure('KEY_SERVICE_FAILED'));
  });

  it('takes no member of all objects for a version', () => {
    const json = answer({ latest_version: 1, keys: {} });
    expect(() => parseTransitKey(json, undefined)).toThrow(failure('KEY_NOT_FOUND'));
  });
});

describe("Vault's signature", () => {
  it('loses its prefix', () => {
    const json = answer({ signature: 'vault:v3:AQID' });
    expect(parseTransitSignature(json, 3)).toEqual(Buffer.from([1, 2, 3]));
  });

  it.each([
    ['another version', answer({ signature: 'vault:v2:AQID' })],
    ['no prefix', answer({ signature: 'AQID' })],
    ['no base64', answer({ signature: 'vault:v3:???' })],
    ['no signature', answer({})],
    ['no data', {}],
  ])('with %s is not taken', (_title, json) => {
    expect(() => parseTransitSignature(json, 3)).toThrow(failure('KEY_SERVICE_FAILED'));
  });
});
