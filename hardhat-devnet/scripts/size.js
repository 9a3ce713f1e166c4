// Fails when a contract is larger than a chain accepts: EIP-170 (deployed code) and EIP-3860 (creation code).
import { contracts } from "./contracts.js";

const LIMITS = { deployedBytecode: 24_576, bytecode: 49_152 };

for (const artifact of await contracts()) {
  const sizes = Object.keys(LIMITS).map((part) => [part, artifact[part].length / 2 - 1]);
  for (const [part, size] of sizes) {
    if (size > LIMITS[part]) {
      console.error(`${artifact.contractName}: ${part} has ${size} bytes, allowed are ${LIMITS[part]}`);
      process.exitCode = 1;
    }
  }
  console.log(`size: ${artifact.contractName}: ${sizes[0][1]} of ${LIMITS.deployedBytecode} bytes`);
}
