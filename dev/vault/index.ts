export { type KeyPolicy, type RunningVault, startVault, type VaultOptions } from './vault-server';
export { signPrehashed } from './prehashed-signing';
export { type RunningTransitEngine, startTransitEngine } from './transit-engine';
export type { TransitKeyType } from './transit-store';
