export { hasPostgres, type RealRekor, startRealRekor } from './real-rekor';
export { type RealSigstore, type RealSigstoreOptions, startRealSigstore } from './real-sigstore';
export { signingConfigOf } from './signing-config';
