// RFC 9162 trees whose leaves are all the same: roots and proofs of any size in logarithmic time.
import { createHash } from "node:crypto";

const LEAF = Buffer.alloc(32, 0xa5);
const roots = new Map([[1, LEAF]]);

/** The largest power of two below `size`. */
const split = (size) => 2 ** Math.floor(Math.log2(size - 1));

export function root(size) {
  if (!roots.has(size)) {
    const left = split(size);
    roots.set(size, createHash("sha256").update(Buffer.of(1)).update(root(left)).update(root(size - left)).digest());
  }
  return roots.get(size);
}

/** RFC 9162 §2.1.4.1. */
export function consistencyProof(oldSize, newSize) {
  const subproof = (m, n, whole) => {
    if (m === n) return whole ? [] : [root(n)];
    const left = split(n);
    return m <= left
      ? [...subproof(m, left, whole), root(n - left)]
      : [...subproof(m - left, n - left, false), root(left)];
  };
  return subproof(oldSize, newSize, true);
}
