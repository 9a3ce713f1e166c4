/** Strict RLP (Ethereum yellow paper, appendix B). */

import { type Bytes, toUint } from "./bytes.js";
import { FormatError } from "./errors.js";

export interface Item {
  readonly isList: boolean;
  /** The string's bytes or the list's concatenated items. */
  readonly payload: Bytes;
  /** The item's whole encoding. */
  readonly encoded: Bytes;
}

const MAX_DEPTH = 6;

/** The one item that `data` is, strict to its last leaf. */
export function decodeItem(data: Bytes): Item {
  const item = itemAt(data);
  if (item.encoded.length !== data.length) throw wrong("trailing bytes");
  checkWithin(item, MAX_DEPTH);
  return item;
}

function checkWithin(item: Item, depth: number): void {
  if (!item.isList) return;
  if (depth === 0) throw wrong("nested too deep");
  for (const inner of itemsOf(item)) checkWithin(inner, depth - 1);
}

/** The items of the one list that `data` is. */
export const decodeList = (data: Bytes): Item[] => itemsOf(decodeItem(data));

export function itemsOf(list: Item): Item[] {
  if (!list.isList) throw wrong("not a list");
  const items: Item[] = [];
  for (let rest = list.payload; rest.length > 0; ) {
    const item = itemAt(rest);
    items.push(item);
    rest = rest.subarray(item.encoded.length);
  }
  return items;
}

/** A string's bytes, exactly `length` of them when given. */
export function stringOf(item: Item | undefined, length?: number): Bytes {
  if (item === undefined || item.isList) throw wrong("not a string");
  if (length !== undefined && item.payload.length !== length) throw wrong(`not ${length} bytes`);
  return item.payload;
}

/** An unsigned integer without leading zeros, of at most `maxBytes`. */
export function integerOf(item: Item | undefined, maxBytes: number): bigint {
  const data = stringOf(item);
  if (data[0] === 0 || data.length > maxBytes) throw wrong("not an integer of this size");
  return toUint(data);
}

/** RLP of a non-negative integer that fits a JSON number. */
export function encodeInteger(value: number): Bytes {
  const digits = value === 0 ? "" : value.toString(16);
  const bytes = (digits.padStart(digits.length + (digits.length % 2), "0").match(/../g) ?? []).map((two) => Number.parseInt(two, 16));
  const [first] = bytes;
  if (bytes.length === 1 && first !== undefined && first < 0x80) return Uint8Array.from(bytes);
  return Uint8Array.of(0x80 + bytes.length, ...bytes);
}

function itemAt(data: Bytes): Item {
  const [first] = data;
  if (first === undefined) throw wrong("nothing");
  if (first < 0x80) return { isList: false, payload: data.subarray(0, 1), encoded: data.subarray(0, 1) };
  const isList = first >= 0xc0;
  const short = first - (isList ? 0xc0 : 0x80);
  const [start, length] = short <= 55 ? [1, short] : longLength(data, short - 55);
  if (start + length > data.length) throw wrong("truncated");
  const payload = data.subarray(start, start + length);
  if (!isList && length === 1 && (payload[0] ?? 0) < 0x80) throw wrong("a byte spelt longer than needed");
  return { isList, payload, encoded: data.subarray(0, start + length) };
}

/** Where the payload starts and its length, when `width` bytes say it. */
function longLength(data: Bytes, width: number): [number, number] {
  const digits = data.subarray(1, 1 + width);
  const length = Number(toUint(digits));
  if (digits.length < width || digits[0] === 0 || length <= 55 || !Number.isSafeInteger(length)) throw wrong("length");
  return [1 + width, length];
}

const wrong = (reason: string): FormatError => new FormatError("", `RLP: ${reason}`);
