/** RFC 9162 §2.1: roots, inclusion and consistency, over SHA-256. */

import { type Bytes, equal } from "./bytes.js";
import { demand } from "./errors.js";
import { sha256 } from "./hashes.js";

const LEAF = Uint8Array.of(0x00);
const NODE = Uint8Array.of(0x01);
const MAX_PROOF = 64;

export const EMPTY_ROOT: Bytes = sha256();
export const leafHash = (leaf: Bytes): Bytes => sha256(LEAF, leaf);
export const nodeHash = (left: Bytes, right: Bytes): Bytes => sha256(NODE, left, right);

/** §2.1.1, over leaf hashes. */
export function treeRoot(leaves: readonly Bytes[]): Bytes {
  const [first] = leaves;
  if (first === undefined) return EMPTY_ROOT;
  if (leaves.length === 1) return first;
  let left = 1;
  while (left * 2 < leaves.length) left *= 2;
  return nodeHash(treeRoot(leaves.slice(0, left)), treeRoot(leaves.slice(left)));
}

/** §2.1.3.2: the root that `proof` leads to. Fails with `index-range`, `proof-hash` or `proof-length`. */
export function rootFromInclusion(leaf: Bytes, index: bigint, size: bigint, proof: readonly Bytes[]): Bytes {
  demand(index < size, "index-range");
  checkHashes(proof);
  let [fn, sn, root] = [index, size - 1n, leaf];
  for (const hash of proof) {
    demand(sn > 0n, "proof-length");
    if ((fn & 1n) === 1n || fn === sn) {
      root = nodeHash(hash, root);
      while ((fn & 1n) === 0n && fn > 0n) [fn, sn] = [fn >> 1n, sn >> 1n];
    } else {
      root = nodeHash(root, hash);
    }
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  demand(sn === 0n, "proof-length");
  return root;
}

export interface Inclusion {
  readonly index: bigint;
  readonly proof: readonly Bytes[];
}

export function verifyInclusion(leaf: Bytes, { index, proof }: Inclusion, size: bigint, root: Bytes): void {
  demand(equal(rootFromInclusion(leaf, index, size, proof), root), "root-mismatch");
}

export interface Head {
  readonly size: bigint;
  readonly root: Bytes;
}

/** §2.1.4.2, and the empty proof between equal sizes and from size 0. */
export function verifyConsistency(old: Head, grown: Head, proof: readonly Bytes[]): void {
  demand(old.size <= grown.size, "size-range");
  checkHashes(proof);
  if (old.size === 0n || old.size === grown.size) {
    demand(proof.length === 0, "proof-length");
    demand(old.size > 0n || equal(old.root, EMPTY_ROOT), "old-root-mismatch");
    demand(old.size < grown.size || equal(old.root, grown.root), "root-mismatch");
    return;
  }
  demand(proof.length > 0, "proof-length");
  const [oldRoot, newRoot] = rootsFromConsistency(old, grown.size, proof);
  demand(equal(oldRoot, old.root), "old-root-mismatch");
  demand(equal(newRoot, grown.root), "root-mismatch");
}

function rootsFromConsistency(old: Head, size: bigint, proof: readonly Bytes[]): [Bytes, Bytes] {
  const wholeTree = (old.size & (old.size - 1n)) === 0n;
  const [seed = old.root, ...path] = wholeTree ? [old.root, ...proof] : proof;
  let [fn, sn, oldRoot, newRoot] = [old.size - 1n, size - 1n, seed, seed];
  while ((fn & 1n) === 1n) [fn, sn] = [fn >> 1n, sn >> 1n];
  for (const hash of path) {
    demand(sn > 0n, "proof-length");
    if ((fn & 1n) === 1n || fn === sn) {
      [oldRoot, newRoot] = [nodeHash(hash, oldRoot), nodeHash(hash, newRoot)];
      while ((fn & 1n) === 0n && fn > 0n) [fn, sn] = [fn >> 1n, sn >> 1n];
    } else {
      newRoot = nodeHash(newRoot, hash);
    }
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  demand(sn === 0n, "proof-length");
  return [oldRoot, newRoot];
}

function checkHashes(proof: readonly Bytes[]): void {
  demand(proof.every((hash) => hash.length === 32), "proof-hash");
  demand(proof.length <= MAX_PROOF, "proof-length");
}
