import assert from "node:assert/strict";
import { test } from "node:test";
import { toHex } from "../verifier/bytes.js";
import { sha256 } from "../verifier/hashes.js";
import { parseReceipt, parseTrust, STAGES, verifyFiles } from "../verifier/index.js";
import { hex, raw, refusedAsFormat, vectors } from "./vectors.js";

interface Receipts {
  trusts: Record<string, string>;
  receipts: { name: string; receipt: string; verdicts: Record<string, unknown> }[];
}

interface Evil {
  trusts: Record<string, string>;
  receipts: { name: string; trust: string; stage: string; reason: string | null; receipt?: string; receipt_hex?: string }[];
  invalid_trusts: { name: string; trust: string }[];
}

const good = vectors<Receipts>("receipts.json");
const evil = vectors<Evil>("evil.json");

test("the vectors are those of the manifest", () => {
  const { sha256: expected } = vectors<{ sha256: Record<string, string> }>("manifest.json");
  for (const [name, hash] of Object.entries(expected)) assert.equal(toHex(sha256(raw(name))), `0x${hash}`, name);
});

for (const { name, receipt, verdicts } of good.receipts) {
  test(`the whole verdict on: ${name}`, () => {
    for (const [trust, verdict] of Object.entries(verdicts)) {
      assert.deepEqual(verifyFiles(receipt, good.trusts[trust] ?? assert.fail(trust)), verdict, trust);
    }
  });
}

test("evil receipts fail at their stage, for their reason, and nowhere else", () => {
  for (const { name, trust, stage, reason, receipt, receipt_hex } of evil.receipts) {
    const [data, believed] = [receipt ?? hex(receipt_hex ?? ""), evil.trusts[trust] ?? assert.fail(trust)];
    if (stage === "parse") {
      parseTrust(believed);
      refusedAsFormat(() => parseReceipt(data), name);
      continue;
    }
    const verdict = verifyFiles(data, believed);
    assert.deepEqual([verdict.outcome, verdict.exit_code, verdict.first_failure], ["invalid", 1, stage], name);
    const failed = STAGES.filter((each) => verdict.stages[each].status === "fail");
    assert.deepEqual(failed.map((each) => [each, verdict.stages[each].reason]), [[stage, reason]], name);
  }
});

test("invalid trust files are refused", () => {
  for (const { name, trust } of evil.invalid_trusts) refusedAsFormat(() => parseTrust(trust), name);
});
