// RFC 9162 trees whose leaves are all the same: roots and proofs of any size in logarithmic time.
import { createHash } from "node:crypto";

/** The largest power of two below `size`. */
const split = (size) => 2 ** Math.floor(Math.log2(size - 1));

/** `root(size)`, `inclusionProof(index, size)` and `consistencyProof(oldSize, newSize)` of the trees of this leaf hash. */
export function treeOf(leaf) {
  const roots = new Map([[1, leaf]]);

  function root(size) {
    if (!roots.has(size)) {
      const left = split(size);
      roots.set(size, createHash("sha256").update(Buffer.of(1)).update(root(left)).update(root(size - left)).digest());
    }
    return roots.get(size);
  }

  /** RFC 9162 §2.1.3.1. */
  function inclusionProof(index, size) {
    if (size === 1) return [];
    const left = split(size);
    return index < left
      ? [...inclusionProof(index, left), root(size - left)]
      : [...inclusionProof(index - left, size - left), root(left)];
  }

  /** RFC 9162 §2.1.4.1. */
  function consistencyProof(oldSize, newSize) {
    const subproof = (m, n, whole) => {
      if (m === n) return whole ? [] : [root(n)];
      const left = split(n);
      return m <= left
        ? [...subproof(m, left, whole), root(n - left)]
        : [...subproof(m - left, n - left, false), root(left)];
    };
    return subproof(oldSize, newSize, true);
  }

  return { root, inclusionProof, consistencyProof };
}
