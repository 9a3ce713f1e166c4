/** A proof in a Merkle Patricia trie (yellow paper, appendix D). */

import { type Bytes, equal } from "./bytes.js";
import { FormatError } from "./errors.js";
import { keccak256 } from "./hashes.js";
import { decodeList, type Item, itemsOf, stringOf } from "./rlp.js";

const MAX_NODE_BYTES = 262_144;

/** The value at `key`: every node of `proof` is used and named by its parent's hash, the first by `root`. */
export function verifyTrieProof(root: Bytes, key: Bytes, proof: readonly Bytes[]): Bytes {
  const walk = new Walk(proof);
  const value = descend(walk, walk.named(root), nibblesOf(key));
  if (value.length === 0 || !walk.done()) throw wrong("no value or a node left over");
  return value;
}

class Walk {
  private used = 0;

  constructor(private readonly proof: readonly Bytes[]) {}

  done(): boolean {
    return this.used === this.proof.length;
  }

  /** The items of the next node, which must have this hash. */
  named(hash: Bytes): Item[] {
    const node = this.proof[this.used++];
    if (node === undefined || node.length > MAX_NODE_BYTES || !equal(keccak256(node), hash)) throw wrong("node");
    return decodeList(node);
  }

  /** The node that a parent's item refers to: by hash, or the node itself when it is shorter than a hash. */
  child(item: Item | undefined): Item[] {
    if (item?.isList === true) return itemsOf(item);
    return this.named(stringOf(item, 32));
  }
}

function descend(walk: Walk, node: readonly Item[], path: readonly number[]): Bytes {
  if (node.length === 17) {
    const [next, ...rest] = path;
    return next === undefined ? stringOf(node[16]) : descend(walk, walk.child(node[next]), rest);
  }
  if (node.length !== 2) throw wrong("node of another kind");
  const [isLeaf, part] = hexPrefix(stringOf(node[0]));
  if (!part.every((nibble, at) => nibble === path[at])) throw wrong("another key");
  const rest = path.slice(part.length);
  if (!isLeaf) return descend(walk, walk.child(node[1]), rest);
  if (rest.length > 0) throw wrong("another key");
  return stringOf(node[1]);
}

/** Whether the node is a leaf, and its part of the key. */
function hexPrefix(data: Bytes): [boolean, number[]] {
  const [flag = 4, ...nibbles] = nibblesOf(data);
  if (flag > 3) throw wrong("hex prefix");
  if ((flag & 1) === 1) return [flag > 1, nibbles];
  if (nibbles[0] !== 0) throw wrong("hex prefix");
  return [flag > 1, nibbles.slice(1)];
}

const nibblesOf = (data: Bytes): number[] => [...data].flatMap((byte) => [byte >> 4, byte & 15]);

const wrong = (reason: string): FormatError => new FormatError("", `trie proof: ${reason}`);
