import assert from "node:assert/strict";
import { test } from "node:test";
import { toHex } from "../verifier/bytes.js";
import { commit, fieldLeaf, fieldSalt, verifyDisclosures } from "../verifier/commitment.js";
import { verifyEd25519 } from "../verifier/hashes.js";
import { type Json, parseJson } from "../verifier/json.js";
import { rootFromInclusion, treeRoot } from "../verifier/merkle.js";
import { checkRecord, submissionMessage } from "../verifier/record.js";
import { hex, refusedAsFormat, refusedBecause, vectors } from "./vectors.js";

interface Item {
  path: string;
  value: unknown;
  salt: string;
  index: number;
  proof: string[];
}

interface File {
  valid: {
    record: unknown;
    canonical: string;
    secret: string;
    paths: string[];
    commitment: string;
    disclosures: { fields: number; items: Item[] };
    submission: { origin: string; message: string; public_key: string; signature: string };
  }[];
  invalid: { name: string; path: string; record: unknown }[];
}

const file = vectors<File>("records.json");
const BIG = { maxBytes: 1 << 20, maxDepth: 18 };
const reread = (value: unknown): Json => parseJson(JSON.stringify(value), BIG);
const disclosed = ({ value, salt, proof, ...rest }: Item) => ({
  ...rest,
  value: reread(value),
  salt: hex(salt),
  proof: proof.map(hex),
});

test("valid records have the canonical bytes, paths and commitment", () => {
  for (const { record, canonical, secret, paths, commitment } of file.valid) {
    const checked = checkRecord(reread(record));
    assert.equal(toHex(checked.canonical), canonical);
    assert.deepEqual(checked.fields.map(({ path }) => path), paths);
    assert.equal(toHex(commit(checked, hex(secret), 1)), commitment);
  }
});

test("every field's disclosure has the salt and proof of its record and verifies alone and with the others", () => {
  for (const { record, secret, commitment, disclosures } of file.valid) {
    const { fields } = checkRecord(reread(record));
    const leaves = fields.map(({ pathBytes, value }) => fieldLeaf(fieldSalt(hex(secret), pathBytes), pathBytes, value));
    assert.equal(disclosures.fields, fields.length);
    for (const item of disclosures.items.map(disclosed)) {
      const field = fields[item.index];
      assert.ok(field);
      assert.equal(toHex(item.salt), toHex(fieldSalt(hex(secret), field.pathBytes)));
      const root = rootFromInclusion(leaves[item.index] ?? hex("0x"), BigInt(item.index), BigInt(fields.length), item.proof);
      assert.equal(toHex(root), toHex(treeRoot(leaves)));
      verifyDisclosures({ fields: fields.length, items: [item] }, hex(commitment), 1);
    }
    verifyDisclosures({ fields: fields.length, items: disclosures.items.map(disclosed) }, hex(commitment), 1);
  }
});

test("a disclosure of another record is refused", () => {
  const [first, second] = file.valid;
  assert.ok(first && second);
  const disclosures = { fields: first.disclosures.fields, items: first.disclosures.items.map(disclosed) };
  refusedBecause(() => verifyDisclosures(disclosures, hex(second.commitment), 1), "other record", "commitment-mismatch");
});

test("submissions are signed over the message of the spec", () => {
  for (const { record, submission } of file.valid) {
    const message = submissionMessage(submission.origin, checkRecord(reread(record)));
    assert.equal(toHex(message), submission.message);
    assert.ok(verifyEd25519(hex(submission.public_key), message, hex(submission.signature)));
    assert.ok(!verifyEd25519(hex(submission.public_key), message.subarray(1), hex(submission.signature)));
  }
});

test("invalid records are refused at their fault", () => {
  for (const { name, path, record } of file.invalid) refusedAsFormat(() => checkRecord(reread(record)), name, path);
});
