export { vaultKeys } from './vault-source';
