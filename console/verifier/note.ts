/** C2SP signed notes, verifier keys and cosignatures (docs/spec/log.md). */

import { type Bytes, concat, equal, fromBase64, fromUtf8, toUint, utf8 } from "./bytes.js";
import { FormatError } from "./errors.js";
import { sha256, verifyEd25519 } from "./hashes.js";
import { END_OF_TIME } from "./moment.js";

export const PLAIN = 0x01;
export const COSIGNATURE = 0x04;

const MAX_NOTE_BYTES = 65_536;
const MAX_SIGNATURES = 64;
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;
const NAME = /^[^\p{White_Space}\p{Cc}+]+$/u;
const LINE = /^— ([^ ]+) ([^ ]+)$/;
const VKEY = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/;

export interface VerifierKey {
  readonly name: string;
  readonly type: number;
  readonly id: Bytes;
  readonly publicKey: Bytes;
}

export interface Signature {
  readonly name: string;
  readonly keyId: Bytes;
  readonly payload: Bytes;
}

export interface Note {
  readonly text: string;
  readonly signatures: readonly Signature[];
}

export function keyOf(name: string, type: number, publicKey: Bytes): VerifierKey {
  const id = sha256(utf8(`${name}\n`), Uint8Array.of(type), publicKey).subarray(0, 4);
  return { name, type, id, publicKey };
}

/** Parse `<name>+<key id>+<Base64(type ‖ key)>`. */
export function parseVkey(text: string): VerifierKey {
  const [, name = "", id, encoded = ""] = VKEY.exec(text) ?? [];
  const data = fromBase64(encoded);
  const [type] = data ?? [];
  if (!NAME.test(name) || data?.length !== 33 || (type !== PLAIN && type !== COSIGNATURE)) {
    throw new FormatError("", "not a verifier key of a known type");
  }
  const key = keyOf(name, type, data.subarray(1));
  if (toUint(key.id) !== BigInt(`0x${id}`)) throw new FormatError("", "the key id is of another key");
  return key;
}

export function parseNote(data: Bytes | string): Note {
  const bytes = typeof data === "string" ? utf8(data) : data;
  if (bytes.length > MAX_NOTE_BYTES) throw new FormatError("", "note longer than 64 KiB");
  const note = fromUtf8(bytes);
  if (CONTROL.test(note)) throw new FormatError("", "control character");
  const end = note.lastIndexOf("\n\n");
  if (end < 0 || !note.endsWith("\n")) throw new FormatError("", "no blank line or no newline at the end");
  const lines = note.slice(end + 2).split("\n").slice(0, -1);
  if (lines.length < 1 || lines.length > MAX_SIGNATURES) throw new FormatError("", "no or too many signatures");
  return { text: note.slice(0, end + 1), signatures: lines.map(parseLine) };
}

function parseLine(line: string): Signature {
  const [, name = "", encoded = ""] = LINE.exec(line) ?? [];
  const data = fromBase64(encoded);
  if (!NAME.test(name) || data === undefined || data.length <= 4) throw new FormatError("", "not a signature line");
  return { name, keyId: data.subarray(0, 4), payload: data.subarray(4) };
}

/** The note's signature lines that say they are by `key`. */
export function linesBy(note: Note, key: VerifierKey): Signature[] {
  return note.signatures.filter(({ name, keyId }) => name === key.name && equal(keyId, key.id));
}

/** Whether a line by `key` holds. */
export function holds(text: string, { payload }: Signature, key: VerifierKey): boolean {
  if (key.type === PLAIN) return verifyEd25519(key.publicKey, utf8(text), payload);
  if (payload.length !== 72 || cosignedAt(payload) * 1000n >= END_OF_TIME) return false;
  const message = concat(utf8(`cosignature/v1\ntime ${cosignedAt(payload)}\n`), utf8(text));
  return verifyEd25519(key.publicKey, message, payload.subarray(8));
}

/** Seconds since 1970 that a cosignature's payload names. */
export const cosignedAt = (payload: Bytes): bigint => toUint(payload.subarray(0, 8));
