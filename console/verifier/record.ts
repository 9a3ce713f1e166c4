/** What a record is (docs/spec/record.md). */

import { type Bytes, concat, utf8 } from "./bytes.js";
import { canonical } from "./canonical.js";
import { FormatError } from "./errors.js";
import { type Field, fieldsOf, MAX_FIELDS, MAX_PATH_BYTES } from "./fields.js";
import { isArray, isObject, type Json, RECORD_LIMITS } from "./json.js";
import { isMoment } from "./moment.js";
import { Node } from "./shape.js";
import { BY_NAME } from "./types.js";

export const INSTITUTION = /^ins_[0-9a-f]{32}$/;
const MEMBERS = ["type", "subject", "actor", "occurred_at", "body"];
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;
const SUBMISSION = utf8("regseal/v1/submission\0");
const NUL = Uint8Array.of(0);

export interface EvidenceRecord {
  readonly type: string;
  readonly actor: string;
  readonly canonical: Bytes;
  readonly fields: readonly Field[];
}

/** What each of the four plain members must be, by its path. */
export const PLAIN_MEMBERS: ReadonlyMap<string, (value: string) => boolean> = new Map([
  ["/type", (value: string) => BY_NAME.has(value)],
  ["/subject", isSubject],
  ["/actor", (value: string) => INSTITUTION.test(value)],
  ["/occurred_at", isMoment],
]);

/** Check every rule; throws FormatError. */
export function checkRecord(value: Json): EvidenceRecord {
  const member = new Node(value, "").members(MEMBERS);
  for (const [path, holds] of PLAIN_MEMBERS) {
    const node = member(path.slice(1));
    if (!holds(node.text())) node.fail("breaks the rule for this member");
  }
  const body = member("body");
  if (!isObject(body.value) || body.value.size === 0) body.fail("not an object with members");
  if (depthOf(value) > RECORD_LIMITS.maxDepth) throw new FormatError("", "nested too deep");
  const fields = fieldsOf(value);
  if (fields.length > MAX_FIELDS) throw new FormatError("", `more than ${MAX_FIELDS} fields`);
  if (fields.some(({ pathBytes }) => pathBytes.length > MAX_PATH_BYTES)) throw new FormatError("", "path too long");
  const bytes = canonical(value);
  if (bytes.length > RECORD_LIMITS.maxBytes) throw new FormatError("", "too long");
  return { type: member("type").text(), actor: member("actor").text(), canonical: bytes, fields };
}

/** What the submitter signs. */
export function submissionMessage(origin: string, record: EvidenceRecord): Bytes {
  return concat(SUBMISSION, utf8(origin), NUL, record.canonical);
}

function isSubject(value: string): boolean {
  const length = [...value].length;
  return length >= 1 && length <= 200 && !CONTROL.test(value);
}

function depthOf(value: Json): number {
  if (isArray(value)) return 1 + Math.max(0, ...value.map(depthOf));
  if (isObject(value)) return 1 + Math.max(0, ...[...value.values()].map(depthOf));
  return 0;
}
