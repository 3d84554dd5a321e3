// What the phone names by itself, so that nothing in a hall without signal has to wait for a server.
const hex = (bytes) => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
/** A UUID of version 7 (RFC 9562): 48 bits of time, then chance; ids sort as they were made. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  for (let i = 0, now = Date.now(); i < 6; i++) bytes[i] = Math.floor(now / 2 ** (40 - 8 * i)) % 256;
  bytes[6] = 0x70 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  return hex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

const SYMBOLS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
// Multiplication by x in GF(32), modulo x^5 + x^2 + 1.
const timesX = (symbol) => (symbol << 1) ^ (symbol & 16 ? 0b100101 : 0);
/** The code that a voter takes home (mã tra cứu): 40 bits of chance in 8 symbols and a check symbol. The last one
 * makes the sum of symbol i times x^i zero, so that a wrong symbol, or two exchanged, is always noticed. */
export function trackingCode(bytes = crypto.getRandomValues(new Uint8Array(5))) {
  const bits = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  const symbols = Array.from({ length: 8 }, (_, i) => Math.floor(bits / 32 ** (7 - i)) % 32);
  symbols.push(timesX(symbols.reduce((sum, symbol) => timesX(sum) ^ symbol, 0)));
  return symbols.map((symbol) => SYMBOLS[symbol]).join('').replace(/^(.{4})(.{4})/, '$1-$2-');
}
/** SHA-256 of bytes, as 64 hexadecimal digits: the name of a photo. */
export const sha256 = async (bytes) => hex(await crypto.subtle.digest('SHA-256', bytes));
/** A row's fingerprint: the first eight bytes of SHA-256 of `id:rev`, as two numbers of 32 bits. */
export async function fingerprint(id, rev) {
  const digest = new DataView(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(`${id}:${rev}`)));
  return [digest.getUint32(0), digest.getUint32(4)];
}
/** `count:sum` of rows, each counted once for each partition in which it lies. */
export function digestOf(rows) {
  const sum = [0, 0];
  let count = 0;
  for (const { p, print } of rows) {
    count += p.length;
    for (const half of [0, 1]) sum[half] = (sum[half] + print[half] * p.length) % 2 ** 32;
  }
  return `${count}:${sum.map((half) => half.toString(16).padStart(8, '0')).join('')}`;
}
/** A moment as the protocol writes it: RFC 3339 at +07:00, wherever the phone thinks that it is. */
export const atVietnam = (moment = Date.now()) => new Date(moment + 7 * 3_600_000).toISOString().replace('Z', '+07:00');
