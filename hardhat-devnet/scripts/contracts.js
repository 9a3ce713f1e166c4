// The contracts as Hardhat compiles them: a coverage run leaves instrumented artifacts behind, so they are built first.
import { fileURLToPath } from "node:url";
import hre from "hardhat";

const HARNESS = fileURLToPath(new URL("../test/support/AuthorisedHarness.sol", import.meta.url));

/** The tests' harness is the one contract of theirs that is weighed: to compile them all takes longer than the rest. */
export async function build({ withHarness = false } = {}) {
  const task = hre.tasks.getTask("build");
  await task.run({ quiet: true, noTests: true });
  if (withHarness) await task.run({ quiet: true, files: [HARNESS] });
}

/** Artifacts of all own contracts and libraries, interfaces and abstract contracts left out. */
export async function contracts() {
  await build();
  const names = [...(await hre.artifacts.getAllFullyQualifiedNames())].filter((name) => name.startsWith("contracts/"));
  const artifacts = await Promise.all(names.sort().map((name) => hre.artifacts.readArtifact(name)));
  return artifacts.filter(({ bytecode }) => bytecode !== "0x");
}
