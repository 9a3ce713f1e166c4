/** The hash functions and the one signature scheme, from @noble. */

import { ed25519 } from "@noble/curves/ed25519.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 as sha2, sha512 } from "@noble/hashes/sha2.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { type Bytes, concat, equal } from "./bytes.js";

export const sha256 = (...parts: readonly Bytes[]): Bytes => sha2(concat(...parts));
export const keccak256 = (data: Bytes): Bytes => keccak_256(data);
export const hmacSha256 = (key: Bytes, data: Bytes): Bytes => hmac(sha2, key, data);

const { Point } = ed25519;
const ORDER = Point.Fn.ORDER;

/**
 * RFC 8032 §5.1.7 without the cofactor, R compared as bytes: S below the order, encodings canonical.
 *
 * @noble's own verify() multiplies by the cofactor; then a signer could make signatures that hold here and not elsewhere.
 */
export function verifyEd25519(publicKey: Bytes, message: Bytes, signature: Bytes): boolean {
  const key = pointOf(publicKey);
  const r = signature.subarray(0, 32);
  const s = littleEndian(signature.subarray(32));
  if (key === undefined || signature.length !== 64 || s >= ORDER) return false;
  const k = littleEndian(sha512(concat(r, publicKey, message))) % ORDER;
  return equal(Point.BASE.multiplyUnsafe(s).subtract(key.multiplyUnsafe(k)).toBytes(), r);
}

/** The point whose canonical 32 bytes these are. */
function pointOf(data: Bytes): InstanceType<typeof Point> | undefined {
  try {
    return Point.fromBytes(data, false);
  } catch {
    return undefined;
  }
}

function littleEndian(data: Bytes): bigint {
  let value = 0n;
  for (let i = data.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(data[i] ?? 0);
  return value;
}
