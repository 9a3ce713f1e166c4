// Gas of whole transactions (base, calldata, cold storage) against the committed gas.json.
//   node scripts/gas.js           fails on any difference
//   node scripts/gas.js --write   rewrites gas.json
import { readFileSync, writeFileSync } from "node:fs";
import { startChain } from "./chain.js";
import { measurePilots } from "./gas-pilots.js";
import { REGISTER_LIMITS, measureRegister } from "./gas-register.js";
import { treeOf } from "./tree.js";

const FILE = new URL("../gas.json", import.meta.url);
const STEP = 140_000;
const LIMITS = {
  "append 990000 -> 1000000": 66_000, "append 999999 -> 1048577": 66_000, "authorisation, used nonce word": 22_000,
  "step": STEP, "step, notice elapsed": STEP, "step, first item": STEP, "step, next item": STEP, "step, by sender": STEP,
  "step, extension": STEP, "gate at 1000000 leaves": 200_000,
  ...REGISTER_LIMITS,
};

const EVIDENCE = "bytes32 commitment,bytes32 leaf";
const END = "uint256 nonce,uint64 deadline";
const region = 440300n;
const institution = Buffer.alloc(16, 0x11);
const evidence = { commitment: Buffer.alloc(32, 0x22), leaf: Buffer.alloc(32, 0x33) };
const role = Buffer.alloc(32, 0x44);
const keyId = Buffer.alloc(32, 0x55);

const { root, consistencyProof } = treeOf(Buffer.alloc(32, 0xa5));
const gas = {};
const chain = await startChain();
const [, nationalRoot, authority, owner, anchor, account, operator, checker, pledgee] = chain.accounts;

/** Nonces of one word: its first use pays for the slot, the others do not. */
let nonce = BigInt(`0x${"6b".repeat(31)}00`);
const openNonceWord = (contract, signer) => contract.call("cancelNonces", { word: nonce >> 8n, mask: 1n << 255n }, signer);

/** Sends `method` with the authorisation of `signer` over the struct `type`, whose members are found among `values`. */
async function act(contract, signer, method, values, type) {
  const { registration, grant, evidence: proof, command, opening, next, book, ...others } = values;
  const message = { institution: values.id, ...others, ...registration, ...grant, ...opening, ...next, ...book, ...proof, ...command };
  return contract.call(method, { ...values, auth: await chain.authorise(contract, type, message, signer, nonce++) });
}

async function measureAuthorisation() {
  const harness = await chain.deploy("AuthorisedHarness");
  const value = Buffer.alloc(32, 0x77);
  const plain = await harness.call("act", value);
  for (const word of ["new", "used"]) {
    const authorised = await act(harness, owner, "actFor", { value }, `Act(bytes32 value,${END})`);
    gas[`authorisation, ${word} nonce word`] = authorised - plain;
  }
}

async function measureRegistry() {
  const registry = await chain.deploy("InstitutionRegistry", {
    root_: nationalRoot, delay_: 0n, regions: [0n, region, 440100n], authorities: [authority, authority, authority],
  });
  gas["deploy InstitutionRegistry, 3 regions"] = registry.gas;
  await openNonceWord(registry, authority);
  await openNonceWord(registry, nationalRoot);
  gas["register"] = await act(registry, authority, "register",
    { registration: { institution, kind: 1n, region, authority: owner }, evidence },
    `RegisterInstitution(bytes16 institution,uint8 kind,uint32 region,address authority,${EVIDENCE},${END})`);
  gas["grantRole"] = await act(registry, authority, "grantRole",
    { grant: { institution, expiresAt: 4_000_000_000n }, account, role, region, evidence },
    `GrantRole(bytes16 institution,address account,bytes32 role,uint32 region,uint64 expiresAt,${EVIDENCE},${END})`);
  gas["revokeRole"] = await act(registry, authority, "revokeRole", { account, role, region, evidence },
    `RevokeRole(address account,bytes32 role,uint32 region,${EVIDENCE},${END})`);
  gas["replaceAuthority"] = await act(registry, authority, "replaceAuthority", { id: institution, authority: owner, evidence },
    `ReplaceInstitutionAuthority(bytes16 institution,address authority,${EVIDENCE},${END})`);
  for (const [name, status] of [["suspend", 2n], ["reactivate", 1n]]) {
    gas[`setStatus, ${name}`] = await act(registry, authority, "setStatus", { id: institution, status, evidence },
      `SetInstitutionStatus(bytes16 institution,uint8 status,${EVIDENCE},${END})`);
  }
  gas["proposeRegionalAuthority"] = await act(registry, nationalRoot, "proposeRegionalAuthority",
    { region: 110000n, authority: account }, `ProposeRegionalAuthority(uint32 region,address authority,${END})`);
  gas["activateRegionalAuthority"] = await registry.call("activateRegionalAuthority", 110000n);
  gas["cancelNonces"] = await registry.call("cancelNonces", { word: 7n, mask: 255n });
  return registry;
}

/** Opens a log; gives its id and the gas. */
async function open(contract, origin) {
  const used = await act(contract, owner, "open", { origin, owner: institution, anchor, keyId, command: evidence },
    `OpenLog(string origin,bytes16 owner,address anchor,bytes32 keyId,${EVIDENCE},${END})`);
  const log = await chain.request("web3_sha3", `0x${Buffer.from(origin).toString("hex")}`);
  return { log: Buffer.from(log.slice(2), "hex"), used };
}

async function measureAppend(contract, from, to) {
  const { log } = await open(contract, `regseal.example/440300/from-${from}`);
  const append = (size, proof) => contract.call("append", { log, size: BigInt(size), root: root(size), proof }, anchor);
  const first = await append(from, []);
  gas[`append ${from} -> ${to}`] = await append(to, consistencyProof(from, to));
  return first;
}

async function measureLog(registry) {
  const contract = await chain.deploy("EvidenceLog", registry.address);
  gas["deploy EvidenceLog"] = contract.gas;
  await openNonceWord(contract, owner);
  const { log, used } = await open(contract, "regseal.example/440300/records");
  gas["open"] = used;
  gas["append 0 -> 1"] = await measureAppend(contract, 1, 2);
  await measureAppend(contract, 1_000, 2_000);
  await measureAppend(contract, 990_000, 1_000_000);
  await measureAppend(contract, 999_999, 1_048_577);
  gas["rotate"] = await act(contract, owner, "rotate", { log, anchor, keyId, command: evidence },
    `RotateLog(bytes32 log,address anchor,bytes32 keyId,${EVIDENCE},${END})`);
  gas["freeze"] = await act(contract, owner, "freeze", { log, command: evidence }, `FreezeLog(bytes32 log,${EVIDENCE},${END})`);
  gas["openSuccessor"] = await act(contract, owner, "openSuccessor",
    { log, origin: "regseal.example/440300/records-2", anchor, keyId, command: evidence },
    `OpenSuccessor(bytes32 log,string origin,address anchor,bytes32 keyId,${EVIDENCE},${END})`);
  return contract;
}

function check() {
  const committed = JSON.parse(readFileSync(FILE, "utf8"));
  const names = [...new Set([...Object.keys(committed), ...Object.keys(gas)])];
  const drifted = names.filter((name) => committed[name] !== gas[name]);
  for (const name of drifted) console.error(`gas drift: ${name}: committed ${committed[name]}, measured ${gas[name]}`);
  const over = Object.keys(LIMITS).filter((name) => !(gas[name] <= LIMITS[name]));
  for (const name of over) console.error(`over the limit: ${name}: ${gas[name]} > ${LIMITS[name]}`);
  if (drifted.length + over.length > 0) process.exit(1);
  console.log(`gas: ${names.length} figures as committed`);
}

await measureAuthorisation();
const registry = await measureRegistry();
const evidenceLog = await measureLog(registry);
/** As `act`, with a nonce of an unused word: the random nonces of parties are such. */
const actAnew = (contract, signer, method, values, type) => {
  nonce = (nonce | 0xffn) + 1n;
  return act(contract, signer, method, values, type);
};
const { calendar, now } = await measurePilots(
  { chain, gas, registry, evidenceLog, open, actAnew, region, institution, authority, owner, account, anchor });
await measureRegister({ chain, gas, registry, calendar, actAnew, region, institution, authority, operator, checker, pledgee, now });
if (process.argv.includes("--write")) writeFileSync(FILE, `${JSON.stringify(gas, null, 2)}\n`);
check();
