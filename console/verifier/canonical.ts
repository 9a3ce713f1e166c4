/** RFC 8785 for the values that records may have. */

import { type Bytes, utf8 } from "./bytes.js";
import { isArray, isObject, type Json } from "./json.js";

export const canonical = (value: Json): Bytes => utf8(text(value));

function text(value: Json): string {
  if (isArray(value)) return `[${value.map(text).join(",")}]`;
  if (isObject(value)) return `{${[...value.keys()].sort().map((key) => member(key, value.get(key) ?? null)).join(",")}}`;
  // ECMAScript's own forms of strings and integers are the RFC's; sort() is by UTF-16 units, as the RFC wants
  return JSON.stringify(value);
}

const member = (key: string, value: Json): string => `${JSON.stringify(key)}:${text(value)}`;
