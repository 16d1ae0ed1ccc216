/** A shorter piece of base64 occurs by chance. */
const SHORTEST_PIECE = 8;

/**
 * The shapes in which a program may print a secret: as it is, in JSON, in a URL or a form, in
 * hexadecimal and in base64, there also as a part of something longer (`user:secret`, or with a
 * newline at its end).
 */
export function shapesOf(secret: string): readonly string[] {
  const trimmed = secret.trim();
  const bytes = Buffer.from(secret, 'utf8');
  const hex = Buffer.from(trimmed, 'utf8').toString('hex');
  return [
    ...new Set([
      secret,
      trimmed,
      JSON.stringify(secret).slice(1, -1),
      ...escaped(trimmed),
      ...inBothAlphabets(bytes.toString('base64')),
      ...base64Pieces(trimmed),
      hex,
      hex.toUpperCase(),
      // As `od` and `hexdump` print it.
      hex.replace(/..(?!$)/g, '$& '),
      // A JSON web token is also recognised by each of its parts.
      ...secret.split('.').filter((part) => part.length >= 16),
    ]),
  ].filter((shape) => shape !== '');
}

/** `encodeURIComponent` leaves some characters that others escape, and forms have `+` for a space. */
function escaped(text: string): readonly string[] {
  // By way of bytes, because a lone surrogate has no URL encoding.
  const component = encodeURIComponent(Buffer.from(text, 'utf8').toString('utf8'));
  const strict = component.replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return [component, strict].flatMap((shape) => [
    shape,
    shape.replaceAll('%20', '+'),
    shape.replace(/%[0-9A-F]{2}/g, (octet) => octet.toLowerCase()),
  ]);
}

/** What base64 has of it whatever stands before and after, by the three ways to fall into groups. */
function base64Pieces(text: string): readonly string[] {
  const bytes = Buffer.from(text, 'utf8');
  return [0, 1, 2].flatMap((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    const piece = encoded.slice(
      Math.ceil((offset * 8) / 6),
      Math.floor(((offset + bytes.length) * 8) / 6),
    );
    return piece.length < SHORTEST_PIECE ? [] : inBothAlphabets(piece);
  });
}

function inBothAlphabets(base64: string): readonly string[] {
  const forUrls = base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
  return [base64, base64.replace(/=+$/, ''), forUrls];
}
