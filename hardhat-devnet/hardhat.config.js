import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(import.meta.url);
const { solc, settings } = JSON.parse(readFileSync(new URL("../contracts/compiler.json", import.meta.url), "utf8"));

/** Remappings are py-solc-x's way to node_modules; Hardhat has its own. */
const { remappings: _, ...compilerSettings } = settings;

const count = (name, usual) => Number(process.env[name] ?? usual);

export default {
  solidity: { version: solc, path: require.resolve("solc/soljson.js"), settings: compilerSettings },
  paths: { sources: "contracts", tests: { solidity: "test" } },
  networks: {
    default: { type: "edr-simulated", chainType: "l1", hardfork: "cancun" },
    node: {
      type: "edr-simulated",
      chainType: "l1",
      hardfork: "cancun",
      chainId: count("REGSEAL_DEVNET_CHAIN_ID", 31337),
    },
  },
  test: {
    solidity: {
      fuzz: { runs: count("REGSEAL_FUZZ_RUNS", 256) },
      invariant: { runs: count("REGSEAL_INVARIANT_RUNS", 16), depth: count("REGSEAL_INVARIANT_DEPTH", 48), failOnRevert: true },
    },
  },
};
