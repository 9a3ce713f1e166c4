import assert from "node:assert/strict";
import { test } from "node:test";
import { type Bytes, concat, toHex, uint } from "../verifier/bytes.js";
import { leafHash, nodeHash, treeRoot, verifyConsistency, verifyInclusion } from "../verifier/merkle.js";
import { parseTilePath, tilePath } from "../verifier/tiles.js";
import { hex, refusedAsFormat, refusedBecause, vectors } from "./vectors.js";

interface Inclusion {
  index: number;
  size: number;
  proof: string[];
}

interface Consistency {
  old: number;
  new: number;
  old_root: string;
  root: string;
  proof: string[];
}

interface Uniform {
  leaf: string;
  size: number;
  root: string;
  inclusion: Omit<Inclusion, "size">[];
  consistency: Pick<Consistency, "old" | "old_root" | "proof">;
}

type Invalid = { name: string; code: string } & (
  | ({ kind: "inclusion"; leaf_hash: string; root: string } & Inclusion)
  | ({ kind: "consistency" } & Consistency)
);

interface File {
  public: { leaves: string[]; roots: string[] };
  small: {
    leaf_hashes: string[];
    roots: string[];
    inclusion: Inclusion[];
    consistency: Pick<Consistency, "old" | "new" | "proof">[];
    frontiers: string[];
  };
  uniform: Uniform[];
  invalid: Invalid[];
}

const file = vectors<File>("merkle.json");
const { small } = file;

function checkInclusion(leaf: string, { index, size, proof }: Inclusion, root: string): void {
  verifyInclusion(hex(leaf), { index: BigInt(index), proof: proof.map(hex) }, BigInt(size), hex(root));
}

function checkConsistency(vector: Consistency): void {
  const old = { size: BigInt(vector.old), root: hex(vector.old_root) };
  const grown = { size: BigInt(vector.new), root: hex(vector.root) };
  verifyConsistency(old, grown, vector.proof.map(hex));
}

const at = (list: readonly string[], index: number): string => list[index] ?? assert.fail(`nothing at ${index}`);

test("roots of the public tree", () => {
  const leaves = file.public.leaves.map((leaf) => leafHash(hex(leaf)));
  file.public.roots.forEach((root, size) => assert.equal(toHex(treeRoot(leaves.slice(0, size))), root));
});

test("roots of the small trees", () => {
  const leaves = small.leaf_hashes.map(hex);
  leaves.forEach((hash, index) => assert.equal(toHex(hash), toHex(leafHash(uint(index, 4)))));
  small.roots.forEach((root, size) => assert.equal(toHex(treeRoot(leaves.slice(0, size))), root));
});

test("inclusion and consistency in the small trees", () => {
  for (const vector of small.inclusion) {
    checkInclusion(at(small.leaf_hashes, vector.index), vector, at(small.roots, vector.size));
  }
  for (const vector of small.consistency) {
    checkConsistency({ ...vector, old_root: at(small.roots, vector.old), root: at(small.roots, vector.new) });
  }
});

test("a frontier is the size and the roots of the full subtrees, left to right", () => {
  const leaves = small.leaf_hashes.map(hex);
  for (const frontier of small.frontiers) {
    const size = Number(BigInt(frontier.slice(0, 18)));
    assert.equal(frontier, toHex(concat(uint(size, 8), ...subtrees(leaves.slice(0, size)))));
  }
});

function subtrees(leaves: readonly Bytes[]): Bytes[] {
  if (leaves.length === 0) return [];
  const whole = 2 ** Math.floor(Math.log2(leaves.length));
  return [treeRoot(leaves.slice(0, whole)), ...subtrees(leaves.slice(whole))];
}

test("big trees of equal leaves", () => {
  for (const { leaf, size, root, inclusion, consistency } of file.uniform) {
    const hash = leafHash(hex(leaf));
    assert.equal(toHex(uniformRoot(hash, BigInt(size))), root);
    for (const vector of inclusion) checkInclusion(toHex(hash), { ...vector, size }, root);
    checkConsistency({ ...consistency, new: size, root });
  }
});

function uniformRoot(leaf: Bytes, size: bigint): Bytes {
  let [subtree, root]: [Bytes, Bytes | undefined] = [leaf, undefined];
  for (let rest = size; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) root = root === undefined ? subtree : nodeHash(subtree, root);
    subtree = nodeHash(subtree, subtree);
  }
  return root ?? assert.fail("an empty tree");
}

test("invalid proofs are refused for their reason", () => {
  for (const vector of file.invalid) {
    const check = (): void =>
      vector.kind === "inclusion" ? checkInclusion(vector.leaf_hash, vector, vector.root) : checkConsistency(vector);
    refusedBecause(check, vector.name, vector.code);
  }
});

test("paths of tiles", () => {
  const tiles = vectors<{ valid: { path: string; level: number; index: number; width: number }[]; invalid: string[] }>("tiles.json");
  for (const { path, ...tile } of tiles.valid) {
    assert.deepEqual(parseTilePath(path), tile);
    assert.equal(tilePath(tile), path);
  }
  for (const path of tiles.invalid) refusedAsFormat(() => parseTilePath(path), path);
});
