/** The fields of a record and their paths (docs/spec/record.md, "Fields"). */

import { type Bytes, compare, utf8 } from "./bytes.js";
import { isArray, isObject, type Json, memberPath } from "./json.js";

export const MAX_FIELDS = 1_024;
export const MAX_PATH_BYTES = 1_024;

export interface Field {
  readonly path: string;
  readonly pathBytes: Bytes;
  readonly value: Json;
}

const STEP = String.raw`(?:/(?:[^~/\[]|~[012])*)`;
const BODY_PATH = new RegExp(String.raw`^/body${STEP}(?:${STEP}|\[(?:0|[1-9][0-9]*)\])*$`, "u");
export const TOP_PATHS: readonly string[] = ["/type", "/subject", "/actor", "/occurred_at"];

/** Whether a value can be a field: everything but a non-empty object or array. */
export function isFieldValue(value: Json): boolean {
  if (isArray(value)) return value.length === 0;
  return !isObject(value) || value.size === 0;
}

/** Whether a record can have a field of this path. */
export function isFieldPath(path: string): boolean {
  return TOP_PATHS.includes(path) || (BODY_PATH.test(path) && utf8(path).length <= MAX_PATH_BYTES);
}

/** All fields of `value`, ordered by the UTF-8 bytes of their paths. */
export function fieldsOf(value: Json): Field[] {
  const found: Field[] = [];
  collect(value, "", found);
  return found.sort((a, b) => compare(a.pathBytes, b.pathBytes));
}

function collect(value: Json, path: string, found: Field[]): void {
  if (isFieldValue(value)) {
    found.push({ path, pathBytes: utf8(path), value });
  } else if (isArray(value)) {
    value.forEach((item, index) => collect(item, `${path}[${index}]`, found));
  } else if (isObject(value)) {
    for (const [key, item] of value) collect(item, memberPath(path, key), found);
  }
}
