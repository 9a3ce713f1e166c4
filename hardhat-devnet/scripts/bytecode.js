// Prints {contract: creation bytecode}, for the comparison with py-solc-x.
import { contracts } from "./contracts.js";

const entries = (await contracts()).map(({ contractName, bytecode }) => [contractName, bytecode]);
console.log(JSON.stringify(Object.fromEntries(entries)));
