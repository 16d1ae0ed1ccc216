const USER_INFO = /\b([a-z][a-z0-9+.-]*):\/\/([^\s/?#@"']+)@/gi;

/** What BuildKit's cache entries call their credentials. */
const CACHE_CREDENTIAL =
  /(?:^|[,"])\s*(?:secret_access_key|session_token|token|ghtoken|account_key)=([^,"]+)/gi;

/**
 * The credentials in a text that somebody who wrote it may not have thought of as a secret: user and
 * password in a URL (over ssh a user alone is part of the address).
 */
export function credentialsInUrls(text: string): readonly string[] {
  return [...text.matchAll(USER_INFO)].flatMap(([, scheme = '', userInfo = '']) => {
    const [user = '', ...rest] = userInfo.split(':');
    const password = rest.join(':');
    if (password !== '') return [userInfo, password];
    return /^(?:git\+)?https?$/i.test(scheme) ? [user] : [];
  });
}

/** The credentials in a cache source or destination: `type=s3,...,secret_access_key=...`. */
export function credentialsInCacheEntry(entry: string): readonly string[] {
  return [...entry.matchAll(CACHE_CREDENTIAL)].flatMap(([, value]) => value ?? []);
}
