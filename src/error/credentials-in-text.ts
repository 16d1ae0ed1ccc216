/** Up to the last `@`: a password may have one. A quote would end the URL in a text around it. */
const USER_INFO = /\b([a-z][a-z0-9+.-]*):\/\/([^\s/?#"']+)@/gi;
/**
 * A text that is a URL as a whole, in which a password may have quotes too. Of http and ftp any number of slashes, of
 * either kind, is read as two (https://url.spec.whatwg.org/#special-authority-slashes-state).
 */
const WHOLE_URL =
  /^\s*(?:(https?|wss?|ftp):[\\/]*|([a-z][a-z0-9+.-]*):\/\/)([^\s\\/?#]+)@[^\s@]*\s*$/i;

/** What BuildKit's cache entries call their credentials. */
const CACHE_CREDENTIAL =
  /(?:^|[,"])\s*(?:secret_access_key|session_token|token|ghtoken|account_key)=([^,"]+)/gi;

/**
 * Credentials in a text whose author may not have considered it a secret: user and
 * password in a URL (over ssh a user alone is part of the address).
 */
export function credentialsInUrls(text: string): readonly string[] {
  const [, special, other, whole] = WHOLE_URL.exec(text) ?? [];
  const found: (readonly [scheme: string, userInfo: string])[] = [
    ...[...text.matchAll(USER_INFO)].map(
      ([, scheme = '', userInfo = '']) => [scheme, userInfo] as const,
    ),
    ...(whole === undefined ? [] : [[special ?? other ?? '', whole] as const]),
  ];
  const credentials = found.flatMap(([scheme, userInfo]) => {
    const [user = '', ...rest] = userInfo.split(':');
    const password = rest.join(':');
    if (password !== '') return [userInfo, password];
    return /^(?:git\+)?https?$/i.test(scheme) ? [user] : [];
  });
  // A program may show it as it was before it was written into the URL.
  return [...new Set([...credentials, ...credentials.flatMap(decoded)])];
}

function decoded(text: string): readonly string[] {
  try {
    return [decodeURIComponent(text)];
  } catch {
    return [];
  }
}

/** The credentials in a cache source or destination: `type=s3,...,secret_access_key=...`. */
export function credentialsInCacheEntry(entry: string): readonly string[] {
  return [...entry.matchAll(CACHE_CREDENTIAL)].flatMap(([, value]) => value ?? []);
}
