/** The committed vectors (tests/vectors/README.md) and how tests look at them. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type Bytes, fromHex } from "../verifier/bytes.js";
import { CheckError, FormatError } from "../verifier/errors.js";

const FOLDER = new URL("../../../tests/vectors/", import.meta.url);

export const raw = (name: string): Bytes => readFileSync(new URL(name, FOLDER));
export const text = (name: string): string => readFileSync(new URL(name, FOLDER), "utf8");

/** One file of vectors; its shape is the README's and the caller's word. */
export const vectors = <T>(name: string): T => JSON.parse(text(name)) as T;

export function hex(value: string): Bytes {
  const data = fromHex(value);
  assert.ok(data, `not hexadecimal: ${value}`);
  return data;
}

export function refusedAsFormat(action: () => unknown, name: string, path = ""): void {
  assert.throws(action, (error) => {
    assert.ok(error instanceof FormatError, `${name}: ${String(error)}`);
    // an empty path in a vector is the whole text, which leaves open where in it the fault was noticed
    if (path !== "") assert.equal(error.path, path, name);
    return true;
  }, name);
}

export function refusedBecause(action: () => unknown, name: string, code: string): void {
  assert.throws(action, (error) => {
    assert.ok(error instanceof CheckError, `${name}: ${String(error)}`);
    assert.equal(error.code, code, name);
    return true;
  }, name);
}
