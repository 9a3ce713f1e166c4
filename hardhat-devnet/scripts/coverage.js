// Runs the Solidity tests with a printed seed and fails unless every contract has 100 % of its lines and statements covered.
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { createRequire } from "node:module";

const root = new URL("../", import.meta.url);
const hardhat = createRequire(import.meta.url).resolve("hardhat/package.json").replace("package.json", "dist/src/cli.js");
const seed = process.env.REGSEAL_SEED ?? `${Math.floor(Math.random() * 2 ** 32)}`;

/** File → [lines %, statements %], from the table that the run prints (its lcov file knows no statements). */
function coverageOf(output) {
  const row = /^║ (contracts\/\S+\.sol) +│ +([\d.]+) +│ +([\d.]+) +│/gm;
  return new Map([...output.matchAll(row)].map(([, file, lines, statements]) => [file, [lines, statements]]));
}

function run() {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [hardhat, "test", "solidity", "--coverage", ...process.argv.slice(2)], {
      cwd: root,
      env: { ...process.env, REGSEAL_SEED: seed, HARDHAT_DISABLE_TELEMETRY: "true", NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.on("data", (data) => {
      output += data;
      process.stdout.write(data);
    });
    child.on("close", (code) => resolve({ code, output }));
  });
}

console.log(`seed ${seed}   (the same examples again: REGSEAL_SEED=${seed})`);
const { code, output } = await run();
if (code !== 0) process.exit(code ?? 1);

const covered = coverageOf(output);
const interfaces = /\/I[A-Z][^/]*\.sol$/;
for (const file of globSync("contracts/*/*.sol", { cwd: root }).filter((name) => !interfaces.test(name))) {
  const [lines, statements] = covered.get(file) ?? ["no", "no"];
  if (lines !== "100.00" || statements !== "100.00") {
    console.error(`not fully covered: ${file}: ${lines} % of lines, ${statements} % of statements`);
    process.exitCode = 1;
  }
}
