/** A second verifier of regseal receipts, written from docs/spec. It needs no network and runs in a browser. */

export { FormatError } from "./errors.js";
export { parseReceipt, type Receipt } from "./receipt.js";
export { parseTrust, type Stage, STAGES, type Trust } from "./trust.js";
export { type StageResult, type Verdict, verify, verifyFiles } from "./verify.js";
