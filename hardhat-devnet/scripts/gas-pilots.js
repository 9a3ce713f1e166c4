// Gas of calendars, rulebooks and pilot projects, whole transactions with random nonces.
import { createHash } from "node:crypto";
import { treeOf } from "./tree.js";

const EVIDENCE = "bytes32 commitment,bytes32 leaf";
const END = "uint256 nonce,uint64 deadline";
const STEP = `PilotStep(bytes16 project,string action,uint64 value,uint64 seq,${EVIDENCE},${END})`;
const NOW = 3_789_000_000n; // in 2090: equal runs count equal days
const TODAY = (NOW + 28_800n) / 86_400n;
const LEAVES = 1_000_000;

const project = Buffer.alloc(16, 0x61);
const stream = Buffer.alloc(16, 0x62);
const commitment = Buffer.alloc(32, 0x63);
const evidence = { commitment, leaf: Buffer.alloc(32, 0x64) };
const bit = (place, value = 1n) => BigInt(value) << BigInt(place);
const GROUP = bit(8); // the first body
const rule = (...parts) => parts.reduce((word, part) => word | part, bit(255));

/** action: [from, rule] */
const TABLE = {
  "submit": [0n, rule(1n)],
  "notice.open": [1n, rule(GROUP, 2n, bit(24))],
  "comment.file": [2n, rule(GROUP, bit(17), bit(24, 4), bit(48, 5), bit(80))],
  "danger.raise": [2n, rule(GROUP, bit(24, 4), bit(32))],
  "danger.mitigate": [2n, rule(GROUP, bit(24, 5), bit(32))],
  "notice.close": [2n, rule(GROUP, 3n, bit(48, 5), bit(80, 2), bit(88, 2), bit(160, 7))],
  "launch": [3n, rule(GROUP, bit(24, 2), bit(64, 12))],
  "extend": [3n, rule(GROUP, bit(24, 3), bit(64, 12), bit(80, 8), bit(128, 8), bit(160, 8))],
  "exit": [3n, rule(GROUP, 4n, bit(18), bit(96, 8))],
};

const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();

/** The requested leaf of a step. */
function leafOf(seq) {
  const number = Buffer.alloc(8);
  number.writeBigUInt64BE(seq);
  const head = Buffer.of(1, 1, 3, 1, 1, 0, 0, 0);
  return Buffer.concat([head, number, stream, Buffer.alloc(32, 0x65), commitment, Buffer.alloc(8)]);
}

export async function measurePilots({ chain, gas, registry, evidenceLog, open, actAnew, region, institution, authority, owner, account, anchor }) {
  const keccak = async (text) => {
    const hash = await chain.request("web3_sha3", `0x${Buffer.from(text).toString("hex")}`);
    return Buffer.from(hash.slice(2), "hex");
  };
  await chain.request("evm_setNextBlockTimestamp", Number(NOW));
  const calendar = await chain.deploy("Calendar", registry.address);
  const rulebooks = await chain.deploy("RulebookRegistry", registry.address);
  const pilots = await chain.deploy("PilotLifecycle", {
    registry_: registry.address, calendar_: calendar.address, rulebooks_: rulebooks.address, evidenceLog_: evidenceLog.address,
  });
  for (const contract of [calendar, rulebooks, pilots]) gas[`deploy ${contract.name}`] = contract.gas;

  const days = [(1n << 256n) - 1n, (1n << 109n) - 1n];
  gas["publishYear"] = await actAnew(calendar, authority, "publishYear", { region, year: 2090n, working: days, trading: days, evidence },
    `PublishCalendarYear(uint32 region,uint16 year,uint256[2] working,uint256[2] trading,${EVIDENCE},${END})`);
  gas["closeDays, one"] = await actAnew(calendar, authority, "closeDays",
    { region, numbers: [TODAY + 200n], working: true, trading: true, evidence },
    `CloseCalendarDays(uint32 region,uint32[] numbers,bool working,bool trading,${EVIDENCE},${END})`);

  const role = await keccak("pilot.working-group");
  await actAnew(registry, authority, "grantRole",
    { grant: { institution, expiresAt: 4_100_000_000n }, account, role, region, evidence },
    `GrantRole(bytes16 institution,address account,bytes32 role,uint32 region,uint64 expiresAt,${EVIDENCE},${END})`);
  const { log } = await open(evidenceLog, "regseal.example/440300/pilots");
  const table = [];
  for (const [action, [from, word]] of Object.entries(TABLE)) table.push({ from, action: await keccak(action), rule: word });
  const book = { region, log, version: "SZ-2023.11", document: commitment, bodies: [role], table };
  const rulebook = await rulebooks.read("idOf", book);
  gas[`activate, ${table.length} rules`] = await actAnew(rulebooks, authority, "activate", { book, rulebook, evidence },
    `ActivateRulebook(bytes32 rulebook,uint32 region,string version,bytes32 log,bytes32 document,${EVIDENCE},${END})`);

  // Once for each project: four new slots are 88,400 of it (rulebook; lead and stream; standing; last leaf). A short number in the
  // rulebook's place would save one of them and cost every step a look-up.
  let seq = 0n;
  gas["open a project"] = await actAnew(pilots, owner, "open",
    { opening: { project, rulebook, lead: institution, stream, action: "submit", seq: seq++ }, evidence },
    `OpenPilot(bytes16 project,bytes32 rulebook,bytes16 lead,bytes16 stream,string action,uint64 seq,${EVIDENCE},${END})`);
  const step = (action, value = 0n) =>
    actAnew(pilots, account, "step", { next: { project, action, value, seq: seq++ }, evidence }, STEP);
  gas["step"] = await step("notice.open");
  const nobody = { signer: account, nonce: 0n, deadline: 0n, signature: Buffer.alloc(0) };
  gas["step, by sender"] = await pilots.call("step",
    { next: { project, action: "comment.file", value: 1n, seq: seq++ }, evidence, auth: nobody }, account);
  gas["step, first item"] = await step("danger.raise", 64n);
  gas["step, next item"] = await step("danger.raise", 65n);
  await step("danger.mitigate", 64n);
  await step("danger.mitigate", 65n);
  await chain.request("evm_setNextBlockTimestamp", Number(NOW + 864_000n));
  gas["step, notice elapsed"] = await step("notice.close");
  await step("launch", TODAY + 300n);
  gas["step, extension"] = await step("extend", TODAY + 600n);

  const leaf = leafOf(seq);
  const leafHash = sha256(Buffer.of(0), leaf);
  const tree = treeOf(leafHash);
  await evidenceLog.call("append", { log, size: BigInt(LEAVES), root: tree.root(LEAVES), proof: [] }, anchor);
  const inclusion = { log, leaf, index: 777_777n, proof: tree.inclusionProof(777_777, LEAVES) };
  gas[`seal at ${LEAVES} leaves`] = await pilots.call("seal", { id: project, inclusion });
  gas[`gate at ${LEAVES} leaves`] = await actAnew(pilots, account, "gate",
    { next: { project, action: "exit", value: 0n, seq }, evidence: { commitment, leaf: leafHash }, inclusion }, STEP);
  gas["retire"] = await actAnew(rulebooks, authority, "retire", { rulebook, evidence },
    `RetireRulebook(bytes32 rulebook,${EVIDENCE},${END})`);
  return { calendar, now: NOW + 864_000n };
}
