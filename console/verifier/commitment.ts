/** The commitment of a record and the disclosure of single fields (docs/spec/record.md). */

import { type Bytes, compare, concat, equal, uint, utf8 } from "./bytes.js";
import { canonical } from "./canonical.js";
import { CheckError, demand } from "./errors.js";
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

/** Fails with the first reason, in the order of the record stage, that any of the items gives. */
export function verifyDisclosures(disclosures: Disclosures, commitment: Bytes, suite: number): void {
  const { fields, items } = disclosures;
  demand(items.length > 0 && fields <= MAX_FIELDS && rises(items) && items.every(isPossible), "disclosure-malformed");
  const reasons = items.map((item) => reasonAgainst(item, fields, suite, commitment));
  for (const code of ["index-range", "proof-hash", "proof-length", "commitment-mismatch"]) {
    demand(!reasons.includes(code), code);
  }
}

function reasonAgainst(item: Disclosure, fields: number, suite: number, commitment: Bytes): string | undefined {
  const leaf = fieldLeaf(item.salt, utf8(item.path), item.value);
  try {
    const root = rootFromInclusion(leaf, BigInt(item.index), BigInt(fields), item.proof);
    return equal(overRoot(suite, fields, root), commitment) ? undefined : "commitment-mismatch";
  } catch (error) {
    if (error instanceof CheckError) return error.code;
    throw error;
  }
}

function isPossible({ path, value }: Disclosure): boolean {
  const rule = PLAIN_MEMBERS.get(path);
  if (rule !== undefined) return typeof value === "string" && rule(value);
  return isFieldPath(path) && isFieldValue(value);
}

function rises(items: readonly Disclosure[]): boolean {
  return items.every((item, at) => {
    const before = items[at - 1];
    return before === undefined || (before.index < item.index && compare(utf8(before.path), utf8(item.path)) < 0);
  });
}

function overRoot(suite: number, fields: number, root: Bytes): Bytes {
  return sha256(RECORD, uint(suite, 1), uint(fields, 4), root);
}
