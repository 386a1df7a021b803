const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const valueOf = new Map([...alphabet].map((c, i) => [c, i]));

export function encodeBase58(bytes) {
  const digits = [];
  for (const byte of bytes) {
    let carry = byte;
    for (let i = 0; i < digits.length; i++) {
      carry += digits[i] << 8;
      digits[i] = carry % 58;
      carry = (carry / 58) | 0;
    }
    while (carry > 0) {
      digits.push(carry % 58);
      carry = (carry / 58) | 0;
    }
  }
  let out = '';
  for (let i = 0; i < bytes.length && bytes[i] === 0; i++) out += '1';
  for (let i = digits.length - 1; i >= 0; i--) out += alphabet[digits[i]];
  return out;
}

/** Returns null where the text is no base58. */
export function decodeBase58(text) {
  const bytes = [];
  for (const c of text) {
    let carry = valueOf.get(c);
    if (carry === undefined) return null;
    for (let i = 0; i < bytes.length; i++) {
      carry += bytes[i] * 58;
      bytes[i] = carry & 0xff;
      carry >>= 8;
    }
    while (carry > 0) {
      bytes.push(carry & 0xff);
      carry >>= 8;
    }
  }
  for (let i = 0; i < text.length && text[i] === '1'; i++) bytes.push(0);
  return Uint8Array.from(bytes.reverse());
}

// Encoding is quadratic and the same few hundred keys come back all the time.
const encoded = new Map();
const decoded = new Map();
const cacheLimit = 200_000;

export function addressOf(bytes) {
  const key = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  let text = encoded.get(key);
  if (text === undefined) {
    text = encodeBase58(bytes);
    if (encoded.size >= cacheLimit) encoded.clear();
    encoded.set(key, text);
  }
  return text;
}

/** 32 bytes, or null where the text is no address. */
export function addressBytes(text) {
  if (typeof text !== 'string' || text.length < 32 || text.length > 44) return null;
  let bytes = decoded.get(text);
  if (bytes === undefined) {
    bytes = decodeBase58(text);
    if (bytes === null || bytes.length !== 32) return null;
    if (decoded.size >= cacheLimit) decoded.clear();
    decoded.set(text, bytes);
  }
  return bytes;
}
