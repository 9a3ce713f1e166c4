import assert from "node:assert/strict";
import { test } from "node:test";
import { toHex } from "../verifier/bytes.js";
import { canonical } from "../verifier/canonical.js";
import { parseJson } from "../verifier/json.js";
import { hex, refusedAsFormat, vectors } from "./vectors.js";

interface File {
  max_bytes: number;
  max_depth: number;
  valid: { name: string; input: string; canonical: string }[];
  invalid: { name: string; path: string; parts: [string, number][] }[];
  invalid_bytes: { name: string; input: string }[];
}

const file = vectors<File>("json.json");
const limits = { maxBytes: file.max_bytes, maxDepth: file.max_depth };

test("valid texts have the RFC 8785 bytes", () => {
  for (const { name, input, canonical: expected } of file.valid) {
    assert.equal(toHex(canonical(parseJson(input, limits))), expected, name);
  }
});

test("invalid texts are refused where the fault is", () => {
  for (const { name, path, parts } of file.invalid) {
    const input = parts.map(([part, times]) => part.repeat(times)).join("");
    refusedAsFormat(() => parseJson(input, limits), name, path);
  }
});

test("bytes that are not UTF-8 are refused", () => {
  for (const { name, input } of file.invalid_bytes) refusedAsFormat(() => parseJson(hex(input), limits), name);
});
