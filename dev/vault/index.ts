export { type KeyPolicy, type RunningVault, startVault, type VaultOptions } from './vault-server';
export { signPrehashed } from './prehashed-signing';
export type { TransitKeyType } from './transit-store';
