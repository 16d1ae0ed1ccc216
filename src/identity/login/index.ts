export { browserLogin, type LoginRequest, PATIENCE_MS } from './browser';
export { deviceLogin } from './device';
export { PUBLIC_ISSUER } from './issuer';
