/** The commitment of a record and the disclosure of single fields (docs/spec/record.md). */

import { type Bytes, compare, concat, equal, uint, utf8 } from "./bytes.js";
import { canonical } from "./canonical.js";
import { demand } from "./errors.js";
import { type Field, isFieldPath, isFieldValue, MAX_FIELDS } from "./fields.js";
import { hmacSha256, sha256 } from "./hashes.js";
import type { Json } from "./json.js";
import { rootFromInclusion, treeRoot } from "./merkle.js";
import { type EvidenceRecord, PLAIN_MEMBERS } from "./record.js";

const SALT = utf8("regseal/v1/field-salt\0");
const FIELD = utf8("\0regseal/v1/field\0");
const RECORD = utf8("regseal/v1/record\0");

export interface Disclosure {
  readonly path: string;
  readonly value: Json;
  readonly salt: Bytes;
  readonly index: number;
  readonly proof: readonly Bytes[];
}

export interface Disclosures {
  /** How many fields the record has. */
  readonly fields: number;
  readonly items: readonly Disclosure[];
}

export const fieldSalt = (secret: Bytes, path: Bytes): Bytes => hmacSha256(secret, concat(SALT, path));

export function fieldLeaf(salt: Bytes, path: Bytes, value: Json): Bytes {
  return sha256(FIELD, salt, uint(path.length, 4), path, canonical(value));
}

export function commit(record: EvidenceRecord, secret: Bytes, suite: number): Bytes {
  const leaf = ({ pathBytes, value }: Field): Bytes => fieldLeaf(fieldSalt(secret, pathBytes), pathBytes, value);
  return overRoot(suite, record.fields.length, treeRoot(record.fields.map(leaf)));
}

/** Fails with the reason that the first item to fail gives. */
export function verifyDisclosures({ fields, items }: Disclosures, commitment: Bytes, suite: number): void {
  demand(items.length > 0 && fields <= MAX_FIELDS, "disclosure-malformed");
  for (const [at, item] of items.entries()) {
    demand(isPossible(item) && comesAfter(item, items[at - 1]), "disclosure-malformed");
    const leaf = fieldLeaf(item.salt, utf8(item.path), item.value);
    const root = rootFromInclusion(leaf, BigInt(item.index), BigInt(fields), item.proof);
    demand(equal(overRoot(suite, fields, root), commitment), "commitment-mismatch");
  }
}

function isPossible({ path, value }: Disclosure): boolean {
  const rule = PLAIN_MEMBERS.get(path);
  if (rule !== undefined) return typeof value === "string" && rule(value);
  return isFieldPath(path) && isFieldValue(value);
}

function comesAfter(item: Disclosure, before: Disclosure | undefined): boolean {
  return before === undefined || (before.index < item.index && compare(utf8(before.path), utf8(item.path)) < 0);
}

function overRoot(suite: number, fields: number, root: Bytes): Bytes {
  return sha256(RECORD, uint(suite, 1), uint(fields, 4), root);
}
