/** SHA-256 (FIPS 180-4): by the browser, or by ourselves where it has none, which is on pages without HTTPS. */

export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  if (!globalThis.crypto.subtle) return plainSha256(bytes);
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (one) => one.toString(16).padStart(2, "0")).join("");
}

/** The first 32 bits of the fractional parts of the cube roots (constants) and square roots (start) of primes. */
function roots(power: number, count: number): Uint32Array {
  const found = new Uint32Array(count);
  for (let number = 2, at = 0; at < count; number += 1) {
    let prime = true;
    for (let by = 2; by * by <= number; by += 1) if (number % by === 0) prime = false;
    if (!prime) continue;
    const root = number ** power;
    found[at] = (root - Math.floor(root)) * 2 ** 32;
    at += 1;
  }
  return found;
}

export function plainSha256(bytes: Uint8Array): string {
  const constants = roots(1 / 3, 64);
  const sum = roots(1 / 2, 8);
  const length = (((bytes.length + 8) >> 6) + 1) << 6;
  const padded = new Uint8Array(length);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(length - 8, Math.floor(bytes.length / 2 ** 29));
  view.setUint32(length - 4, (bytes.length * 8) >>> 0);
  const w = new Uint32Array(64);
  const turn = (x: number, by: number): number => (x >>> by) | (x << (32 - by));
  for (let block = 0; block < length; block += 64) {
    for (let at = 0; at < 16; at += 1) w[at] = view.getUint32(block + 4 * at);
    for (let at = 16; at < 64; at += 1) {
      const [a, b] = [w[at - 15]!, w[at - 2]!];
      const low = turn(a, 7) ^ turn(a, 18) ^ (a >>> 3);
      const high = turn(b, 17) ^ turn(b, 19) ^ (b >>> 10);
      w[at] = w[at - 16]! + low + w[at - 7]! + high;
    }
    let [a, b, c, d, e, f, g, h] = sum as unknown as [number, number, number, number, number, number, number, number];
    for (let at = 0; at < 64; at += 1) {
      const one = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + constants[at]! + w[at]!) | 0;
      const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((value, at) => (sum[at] = sum[at]! + value));
  }
  return Array.from(sum, (value) => value.toString(16).padStart(8, "0")).join("");
}
