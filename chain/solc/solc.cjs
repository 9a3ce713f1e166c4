// npm's Solidity compiler (wasm) with the two commands of the native `solc` that py-solc-x uses:
//   --version                             prints a line with the version and commit
//   --standard-json [--base-path PATH]    reads the standard JSON input from stdin
// Every source comes inside the input, so no file is ever looked up and the base path has nothing to say.
"use strict";

const fs = require("node:fs");
const path = require("node:path");

const home = path.resolve(__dirname, "../../hardhat-devnet/node_modules/solc");
const soljson = path.join(home, "soljson.js");
const cache = path.join(home, "soljson.version.json");

/** Loading 9 MB of wasm for one line takes 0.4 s, and py-solc-x asks before each compilation. */
function version() {
  const { size, mtimeMs } = fs.statSync(soljson);
  try {
    const known = JSON.parse(fs.readFileSync(cache, "utf8"));
    if (known.size === size && known.mtimeMs === mtimeMs) return known.version;
  } catch {
    // not cached yet
  }
  const found = require(home).version();
  try {
    const temporary = `${cache}.${process.pid}`;
    fs.writeFileSync(temporary, JSON.stringify({ size, mtimeMs, version: found }));
    fs.renameSync(temporary, cache);
  } catch {
    // a read-only folder costs time, nothing else
  }
  return found;
}

function compile() {
  const output = require(home).compile(fs.readFileSync(0, "utf8"));
  fs.writeSync(1, ""); // fails early on a closed pipe
  let rest = Buffer.from(output, "utf8");
  while (rest.length > 0) {
    try {
      rest = rest.subarray(fs.writeSync(1, rest));
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

const [command] = process.argv.slice(2);
if (command === "--version") {
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${version()}\n`);
} else if (command === "--standard-json") {
  compile();
} else {
  process.stderr.write(`unrecognised option '${command}'\n`);
  process.exit(1);
}
