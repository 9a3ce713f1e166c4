/** Verdicts of the second verifier: one JSON line {receipt, trust} (Base64) in, one JSON line out. */

import { createInterface } from "node:readline";
import { FormatError, verifyFiles } from "../../../console/dist/verifier/index.js";

function verdict({ receipt, trust }) {
  try {
    return verifyFiles(Buffer.from(receipt, "base64"), Buffer.from(trust, "base64"));
  } catch (error) {
    if (error instanceof FormatError) return "unreadable";
    throw error;
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(verdict(JSON.parse(line)))}\n`);
}
