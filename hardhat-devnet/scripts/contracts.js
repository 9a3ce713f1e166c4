// The contracts as Hardhat compiles them: a coverage run leaves instrumented artifacts behind, so they are built first.
import hre from "hardhat";

export async function build({ withTests = false } = {}) {
  await hre.tasks.getTask("build").run({ quiet: true, noTests: !withTests });
}

/** Artifacts of all own contracts and libraries, interfaces and abstract contracts left out. */
export async function contracts() {
  await build();
  const names = [...(await hre.artifacts.getAllFullyQualifiedNames())].filter((name) => name.startsWith("contracts/"));
  const artifacts = await Promise.all(names.sort().map((name) => hre.artifacts.readArtifact(name)));
  return artifacts.filter(({ bytecode }) => bytecode !== "0x");
}
