import assert from "node:assert/strict";
import { test } from "node:test";
import { toHex } from "../verifier/bytes.js";
import { COSIGNATURE, cosignedAt, holds, linesBy, parseNote, parseVkey } from "../verifier/note.js";
import {
  parseAcknowledgement,
  parseCheckpoint,
  parseHeaderAttestation,
  parseHeadStatement,
} from "../verifier/statements.js";
import { hex, refusedAsFormat, vectors } from "./vectors.js";

const STATEMENTS = {
  checkpoint: parseCheckpoint,
  acknowledgement: parseAcknowledgement,
  head_statement: parseHeadStatement,
  header_attestation: parseHeaderAttestation,
};
type Kind = keyof typeof STATEMENTS;

interface File {
  keys: { vkey: string; name: string; type: number; public_key: string }[];
  public: { vkey: string; note: string }[];
  valid: { kind: Kind; note: string; text: string; cosigned_at: number[] }[];
  invalid: { name: string; note: string }[];
  invalid_texts: { name: string; kind: Kind; text: string }[];
}

const file = vectors<File>("notes.json");
const keys = file.keys.map(({ vkey }) => parseVkey(vkey));

test("verifier keys say what they say", () => {
  for (const [at, { name, type, public_key }] of file.keys.entries()) {
    const { id, ...key } = keys[at] ?? assert.fail();
    assert.deepEqual(key, { name, type, publicKey: hex(public_key) });
    assert.equal(id.length, 4);
  }
});

test("somebody else's note verifies", () => {
  for (const { vkey, note } of file.public) {
    const [key, parsed] = [parseVkey(vkey), parseNote(note)];
    const lines = linesBy(parsed, key);
    assert.equal(lines.length, 1);
    assert.ok(lines.every((line) => holds(parsed.text, line, key)));
    assert.ok(!lines.some((line) => holds(`${parsed.text}\n`, line, key)));
  }
});

test("every signature of the valid notes holds, and their texts are statements of their kind", () => {
  for (const { kind, note, text, cosigned_at } of file.valid) {
    const parsed = parseNote(note);
    assert.equal(parsed.text, text);
    assert.ok(STATEMENTS[kind](text));
    const found = keys.flatMap((key) => linesBy(parsed, key).map((line) => ({ key, line })));
    assert.equal(found.length, parsed.signatures.length);
    for (const { key, line } of found) {
      assert.ok(holds(text, line, key), `${kind} by ${key.name} ${toHex(key.id)}`);
      assert.ok(!holds(text.replace("1", "2"), line, key) || !text.includes("1"));
    }
    const times = found.filter(({ key }) => key.type === COSIGNATURE).map(({ line }) => Number(cosignedAt(line.payload)));
    assert.deepEqual(times, cosigned_at);
  }
});

test("invalid notes are refused", () => {
  for (const { name, note } of file.invalid) refusedAsFormat(() => parseNote(note), name);
});

test("texts that are no statement of their kind are refused", () => {
  for (const { name, kind, text } of file.invalid_texts) refusedAsFormat(() => STATEMENTS[kind](text), name);
});
