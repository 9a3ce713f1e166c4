import assert from "node:assert/strict";
import { test } from "node:test";
import { toHex } from "../verifier/bytes.js";
import { decodeLeaf, SUITES } from "../verifier/leaf.js";
import { leafHash } from "../verifier/merkle.js";
import { hex, refusedBecause, vectors } from "./vectors.js";

interface File {
  valid: ({ leaf: string; hash: string } & Record<string, unknown>)[];
  invalid: { name: string; code: string; leaf: string }[];
}

const file = vectors<File>("leaves.json");

test("valid leaves have these fields and hashes", () => {
  for (const { leaf, hash, ...fields } of file.valid) {
    const found = decodeLeaf(hex(leaf));
    assert.equal(toHex(leafHash(hex(leaf))), hash);
    assert.deepEqual(
      {
        suite: SUITES.get(found.suite),
        type: found.type.name,
        type_code: found.type.code,
        phase: found.phase,
        seq: Number(found.seq),
        stream: toHex(found.stream),
        previous: toHex(found.previous),
        commitment: toHex(found.commitment),
        accepted_at: Number(found.acceptedAt),
      },
      fields,
    );
  }
});

test("invalid leaves are refused for their reason", () => {
  for (const { name, code, leaf } of file.invalid) refusedBecause(() => decodeLeaf(hex(leaf)), name, code);
});
