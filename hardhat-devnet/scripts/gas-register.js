// Gas of the register, whole transactions. Every rule is on and looked at: kinds, suitability, interval, cap, state.
const EVIDENCE = "bytes32 commitment,bytes32 leaf";
const END = "uint256 nonce,uint64 deadline";
const TERMS = "uint8 form,uint16 kinds,uint32 cap,uint32 grandfathered,uint8 interval,bool subscriptionCounts,bytes16 basis";
const TYPES = {
  openInvestor: "OpenInvestor(bytes16 investor,uint8 kind,uint24 suitableUntil,uint16 addend",
  openSecurity: `OpenSecurity(bytes16 security,bytes16 issuer,uint32 issuerRegion,${TERMS}`,
  issue: "IssueUnits(bytes16 security,bytes16[] investors,uint80[] units",
  admit: "AdmitSecurity(bytes16 security,uint80 capital",
  openInvestors: "OpenInvestors(bytes16[] investors,uint8[] kinds,uint24[] suitableUntil,uint16[] addends",
  encumber: "OpenLien(bytes16 security,bytes16 investor,uint8 lien,uint80 units,uint40 since,uint24 until,address secured",
  release: "ReleaseLien(bytes16 security,bytes16 investor,uint16 number,uint80 units",
  transferBatch: "TransferBatch(bytes16 security,uint8 reason,bytes16[] from,bytes16[] to,uint80[] units",
  transfer: "TransferUnits(bytes16 security,bytes16 from,bytes16 to,uint80 units,uint8 reason",
};
export const REGISTER_LIMITS = {
  "open a security": 110_000, "transfer, existing holder": 58_000, "transfer, new holder": 78_000,
  "issue to 100 new holders": 3_000_000, "pledge": 130_000, "one of 50 transfers in a batch, existing holder": 45_000,
  "one of 50 transfers in a batch, new holder": 45_000,
};
const BATCH = 50;
const UNTIL = 16_777_215n;
const PERSON = 1n;
const [PLEDGE, FREEZE] = [1n, 2n];
const DAY = 86_400n;

const evidence = { commitment: Buffer.alloc(32, 0x72), leaf: Buffer.alloc(32, 0x73) };
const company = Buffer.alloc(16, 0x74);
const terms = {
  form: 0n, kinds: 254n, cap: 200n, grandfathered: 0n, interval: 5n, subscriptionCounts: true,
  basis: Buffer.from("REM-04".padEnd(16, "\0")),
};
const listOf = (from, count, what = pseudonym) => [...Array(count).keys()].map((i) => what(from + i));
/** Pseudonyms are random: no zero bytes to make them cheap. */
const pseudonym = (number) => Buffer.from([...Array(16).keys()].map((place) => 1 + ((number * 131 + place * 29) % 255)));
const units = (number) => 1_000_000n + BigInt(number);

export async function measureRegister({ chain, gas, registry, calendar, actAnew, region, institution, authority, operator, checker, pledgee, now }) {
  const grant = (account, role) => actAnew(registry, authority, "grantRole",
    { grant: { institution, expiresAt: 4_100_000_000n }, account, role, region, evidence },
    `GrantRole(bytes16 institution,address account,bytes32 role,uint32 region,uint64 expiresAt,${EVIDENCE},${END})`);
  const keccak = async (text) => Buffer.from((await chain.request("web3_sha3", `0x${Buffer.from(text).toString("hex")}`)).slice(2), "hex");
  await grant(operator, await keccak("register.operator"));
  await grant(checker, await keccak("register.checker"));
  const open = (checked) => openMarket({ chain, registry, calendar, region, operator, checker, pledgee, checked });
  await measureMarket(await open(false), gas, chain, now);
  await measureChecked(await open(true), gas);
}

/** A register, and its acts: each with the checker's signature where the market is checked. */
async function openMarket({ chain, registry, calendar, region, operator, checker, pledgee, checked }) {
  const market = { registry_: registry.address, calendar_: calendar.address, region_: region, checked_: checked };
  const liens = await chain.deploy("RegisterLiens", market);
  const actions = await chain.deploy("RegisterActions", market);
  const register = await chain.deploy("EquityRegister", { ...market, liens_: liens.address, actions_: actions.address });
  let nonce = BigInt(`0x${"7c".repeat(31)}00`);
  if (checked) await register.call("cancelNonces", { word: nonce >> 8n, mask: 1n << 255n }, checker);
  const act = async (method, values, message, ...signers) => {
    const type = `${TYPES[method]},${EVIDENCE},${END})`;
    const auths = [];
    for (const signer of checked ? [checker, ...signers] : signers) {
      auths.push(await chain.authorise(register, type, { ...message, ...evidence }, signer, nonce++));
    }
    return register.call(method, { ...values, evidence, auths }, operator);
  };
  return {
    register, liens, actions, pledgee, nonceWord: nonce >> 8n,
    openInvestor: (number) => {
      const details = { kind: PERSON, suitableUntil: UNTIL, addend: 0n };
      return act("openInvestor", { id: pseudonym(number), details }, { investor: pseudonym(number), ...details });
    },
    openInvestors: (from, count) => {
      const all = (value) => Array(count).fill(value);
      const openings = { investors: listOf(from, count), kinds: all(PERSON), suitableUntil: all(UNTIL), addends: all(0n) };
      return act("openInvestors", { openings }, openings);
    },
    openSecurity: () => {
      const opening = { security: company, issuer: pseudonym(200), issuerRegion: region, terms };
      return act("openSecurity", { opening }, { ...opening, ...terms });
    },
    issue: (from, count) => {
      const lists = { investors: listOf(from, count), units: listOf(from, count, units) };
      return act("issue", { id: company, ...lists }, { security: company, ...lists });
    },
    admit: (capital) => act("admit", { id: company, capital }, { security: company, capital }),
    transfer: (from, to, amount) => {
      const values = { security: company, from: pseudonym(from), to: pseudonym(to), units: amount, reason: 0n };
      return act("transfer", { act: values }, values);
    },
    transferBatch: (from, to, count) => {
      const lists = { from: listOf(from, count), to: listOf(to, count), units: Array(count).fill(10_000n) };
      const acts = { security: company, reason: 0n, ...lists };
      return act("transferBatch", { acts }, acts);
    },
    encumber: async (number, lien, amount) => {
      const frozen = lien === FREEZE;
      const now = BigInt((await chain.request("eth_getBlockByNumber", "latest", false)).timestamp);
      const opening = {
        security: company, investor: pseudonym(number), lien, units: amount, since: frozen ? now : 0n,
        until: frozen ? now / DAY + 300n : 0n, secured: frozen ? `0x${"00".repeat(20)}` : pledgee,
      };
      return act("encumber", { opening }, opening);
    },
    release: (number, lien, amount) => {
      const values = { security: company, investor: pseudonym(number), number: lien, units: amount };
      return act("release", { act: values }, values, pledgee);
    },
  };
}

async function measureMarket(market, gas, chain, now) {
  for (const part of [market.liens, market.actions, market.register]) gas[`deploy ${part.name}`] = part.gas;
  gas["open an investor"] = await market.openInvestor(0);
  gas["open 106 investors"] = await market.openInvestors(1, 106);
  gas["open a security"] = await market.openSecurity();
  gas["issue, first registration of 2"] = await market.issue(0, 2);
  gas["admit"] = await market.admit(units(0) + units(1));
  gas["issue to 100 new holders"] = await market.issue(2, 100);
  await chain.request("evm_setNextBlockTimestamp", Number(now + 30n * DAY));
  gas["transfer, first of a day"] = await market.transfer(0, 105, 10_000n);
  gas["transfer, new holder"] = await market.transfer(2, 106, 10_000n);
  gas["transfer, existing holder"] = await market.transfer(3, 4, 10_000n);
  gas["transfer, existing holder, all the units"] = await market.transfer(5, 6, units(5));
  gas["pledge"] = await market.encumber(7, PLEDGE, 10_000n);
  gas["pledge, second of a position"] = await market.encumber(7, PLEDGE, 10_000n);
  gas["freeze of free units"] = await market.encumber(8, FREEZE, 10_000n);
  gas["freeze of free and pledged units"] = await market.encumber(7, FREEZE, units(7) - 5_000n);
  gas["transfer from a partly pledged holder"] = await market.transfer(8, 9, 10_000n);
  await market.register.call("cancelNonces", { word: market.nonceWord, mask: 1n << 255n }, market.pledgee);
  gas["release of a pledge, with its pledgee"] = await market.release(7, 1n, 10_000n);
}

async function measureChecked(market, gas) {
  await market.openInvestors(0, 3 * BATCH);
  await market.openSecurity();
  await market.issue(0, 2 * BATCH);
  await market.admit(listOf(0, 2 * BATCH, units).reduce((sum, one) => sum + one));
  await market.transfer(0, 99, 10_000n);
  gas["transfer, existing holder, with a checker"] = await market.transfer(0, 99, 10_000n);
  const each = (used) => Math.ceil(used / BATCH);
  gas["one of 50 transfers in a batch, existing holder"] = each(await market.transferBatch(0, BATCH, BATCH));
  gas["one of 50 transfers in a batch, new holder"] = each(await market.transferBatch(0, 2 * BATCH, BATCH));
}
