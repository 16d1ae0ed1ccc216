import { loadKeySigner } from '../../../src/key';
import { processHost } from '../../../src/host/host';
import { failureOf } from '../../sign/support/failure';

const REF = 'pkcs11:token=a;object=b';
const host = { ...processHost(), env: { COSIGN_PKCS11_MODULE_PATH: __filename } };

afterEach(() => jest.resetModules());

/** As Node reports it. */
function missing(what: string): Error {
  return Object.assign(new Error(`Cannot find module '${what}'`), { code: 'MODULE_NOT_FOUND' });
}

it.each([
  ['is not installed', 'pkcs11js', '`npm install pkcs11js`'],
  ['was not compiled', './build/Release/pkcs11.node', 'npm rebuild pkcs11js'],
])('a package that %s is named, with what to do', async (_title, what, words) => {
  jest.doMock(
    'pkcs11js',
    () => {
      throw missing(what);
    },
    { virtual: true },
  );
  const error = await failureOf(loadKeySigner({ ref: REF }, host));
  expect(error).toMatchObject({ code: 'PACKAGE_MISSING', property: 'key.ref' });
  expect(error.message).toContain(words);
});
