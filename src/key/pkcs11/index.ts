export { parsePkcs11Uri, type Pkcs11Uri, showPkcs11Uri } from './pkcs11-uri';
export { pkcs11Keys } from './pkcs11-source';
