import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { solc, settings } = JSON.parse(readFileSync(new URL("../contracts/compiler.json", import.meta.url), "utf8"));

// Remappings are py-solc-x's way to node_modules; Hardhat has its own.
const { remappings: _, ...compilerSettings } = settings;

// REGSEAL_TEST_SIZE=full, as in the other tests; REGSEAL_SEED is printed by scripts/coverage.js.
const size =
  process.env.REGSEAL_TEST_SIZE === "full"
    ? { fuzz: 10_000, sequences: 256, depth: 256 }
    : { fuzz: 256, sequences: 24, depth: 64 };
const seed = process.env.REGSEAL_SEED && { seed: `0x${BigInt(process.env.REGSEAL_SEED).toString(16).padStart(64, "0")}` };

const chain = { type: "edr-simulated", chainType: "l1", hardfork: "cancun" };

export default {
  solidity: { version: solc, path: require.resolve("solc/soljson.js"), settings: compilerSettings },
  paths: { sources: "contracts", tests: { solidity: "test" } },
  networks: { default: chain, node: chain },
  test: {
    solidity: {
      fuzz: { runs: size.fuzz, ...seed },
      invariant: { runs: size.sequences, depth: size.depth, failOnRevert: true },
    },
  },
};
