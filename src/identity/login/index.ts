export { browserLogin, type LoginRequest, LOGIN_TIMEOUT_MS } from './browser';
export { deviceLogin } from './device';
export { PUBLIC_ISSUER } from './issuer';
