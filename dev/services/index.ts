export { type RealSigstore, type RealSigstoreOptions, startRealSigstore } from './real-sigstore';
