#!/usr/bin/env node
/** `node console/dist/cli.js RECEIPT --trust FILE [--json]`; exit codes as docs/spec/receipt.md has them. */

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { STAGES, type Verdict, verifyFiles } from "./verifier/index.js";

const UNUSABLE = 2;

function main(): number {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { trust: { type: "string" }, json: { type: "boolean", default: false } },
    });
    const [receipt, ...more] = positionals;
    if (receipt === undefined || more.length > 0 || values.trust === undefined) {
      throw new Error("usage: cli.js RECEIPT --trust FILE [--json]");
    }
    const verdict = verifyFiles(readFileSync(receipt), readFileSync(values.trust));
    process.stdout.write(values.json ? `${JSON.stringify(verdict, null, 1)}\n` : inWords(verdict));
    return verdict.exit_code;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return UNUSABLE;
  }
}

function inWords({ outcome, stages, weakest, witnesses, chain_class, time }: Verdict): string {
  const lines = STAGES.map((name) => [name.padEnd(10), stages[name].status, stages[name].reason ?? ""].join(" ").trimEnd());
  const relied = [...witnesses, ...(chain_class === null ? [] : [`chain class ${chain_class}`])].join(", ");
  const moment = time === null ? "unknown" : `${time.latest} (by ${time.source})`;
  return [outcome, ...lines, `weakest    ${weakest}${relied && `: ${relied}`}`, `latest     ${moment}`, ""].join("\n");
}

process.exitCode = main();
