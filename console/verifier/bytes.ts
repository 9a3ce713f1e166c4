/** Byte strings and their texts, strict: what is not the one spelling of its bytes is refused. */

import { FormatError } from "./errors.js";

export type Bytes = Uint8Array;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const HEX = /^0x(?:[0-9a-f]{2})*$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export const utf8 = (text: string): Bytes => encoder.encode(text);

export function fromUtf8(data: Bytes): string {
  try {
    return decoder.decode(data);
  } catch {
    throw new FormatError("", "not UTF-8");
  }
}

export function concat(...parts: readonly Bytes[]): Bytes {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

export const equal = (a: Bytes, b: Bytes): boolean => compare(a, b) === 0;

/** Negative, zero or positive: lexicographic order of unsigned bytes. */
export function compare(a: Bytes, b: Bytes): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** `value` as unsigned big-endian integer of `length` bytes. */
export function uint(value: number | bigint, length: number): Bytes {
  const out = new Uint8Array(length);
  let rest = BigInt(value);
  for (let i = length - 1; i >= 0; i--) {
    out[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return out;
}

/** The unsigned big-endian integer that `data` is. */
export function toUint(data: Bytes): bigint {
  let value = 0n;
  for (const byte of data) value = (value << 8n) | BigInt(byte);
  return value;
}

export function toHex(data: Bytes): string {
  let text = "0x";
  for (const byte of data) text += byte.toString(16).padStart(2, "0");
  return text;
}

/** Bytes of `0x` and lower-case hexadecimal, or undefined when `text` is anything else. */
export function fromHex(text: string): Bytes | undefined {
  if (!HEX.test(text)) return undefined;
  const out = new Uint8Array(text.length / 2 - 1);
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(text.slice(2 * i + 2, 2 * i + 4), 16);
  return out;
}

export function toBase64(data: Bytes): string {
  let binary = "";
  for (const byte of data) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** Bytes of standard padded Base64 whose unused bits are zero, or undefined when `text` is anything else. */
export function fromBase64(text: string): Bytes | undefined {
  if (!BASE64.test(text)) return undefined;
  const out = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return toBase64(out) === text ? out : undefined;
}
