import { AWS_CASES } from './aws';
import { AZURE_CASES } from './azure';
import { FILE_CASES } from './files';
import { GCP_CASES } from './gcp';
import { GITLAB_CASES } from './gitlab';
import { IDENTITY_CASES } from './identities';
import { INSTANCE_CASES } from './instances';
import { KUBERNETES_CASES } from './kubernetes';
import { PKCS11_CASES } from './pkcs11';
import type { SourceCase } from './source-case';
import { VAULT_CASES } from './vault';

/** All lines of `npm run test:keys`, in the order in which they are printed. */
export const SOURCE_CASES: readonly SourceCase[] = [
  ...FILE_CASES,
  ...KUBERNETES_CASES,
  ...AWS_CASES,
  ...GCP_CASES,
  ...AZURE_CASES,
  ...GITLAB_CASES,
  ...VAULT_CASES,
  ...PKCS11_CASES,
  ...IDENTITY_CASES,
  ...INSTANCE_CASES,
];
