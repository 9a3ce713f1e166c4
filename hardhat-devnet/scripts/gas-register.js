// Gas of the register, whole transactions. Every rule is on and looked at: kinds, suitability, interval, cap, state.
const EVIDENCE = "bytes32 commitment,bytes32 leaf";
const END = "uint256 nonce,uint64 deadline";
const TERMS = "uint8 form,uint16 kinds,uint32 cap,uint32 grandfathered,uint8 interval,bool subscriptionCounts,bytes16 basis";
const TYPES = {
  openInvestor: "OpenInvestor(bytes16 investor,uint8 kind,uint24 suitableUntil,uint16 addend",
  openSecurity: `OpenSecurity(bytes16 security,bytes16 issuer,uint32 issuerRegion,${TERMS}`,
  issue: "IssueUnits(bytes16 security,bytes16[] investors,uint80[] units",
  admit: "AdmitSecurity(bytes16 security,uint80 capital",
  transfer: "TransferUnits(bytes16 security,bytes16 from,bytes16 to,uint80 units,uint8 reason",
};
export const REGISTER_LIMITS = {
  "open a security": 110_000, "transfer, existing holder": 58_000, "transfer, new holder": 78_000,
  "issue to 100 new holders": 3_000_000,
};
const UNTIL = 16_777_215n;
const PERSON = 1n;
const DAY = 86_400n;

const evidence = { commitment: Buffer.alloc(32, 0x72), leaf: Buffer.alloc(32, 0x73) };
const company = Buffer.alloc(16, 0x74);
const terms = {
  form: 0n, kinds: 254n, cap: 200n, grandfathered: 0n, interval: 5n, subscriptionCounts: true,
  basis: Buffer.from("REM-04".padEnd(16, "\0")),
};
/** Pseudonyms are random: no zero bytes to make them cheap. */
const pseudonym = (number) => Buffer.from([...Array(16).keys()].map((place) => 1 + ((number * 131 + place * 29) % 255)));
const units = (number) => 1_000_000n + BigInt(number);

export async function measureRegister({ chain, gas, registry, calendar, actAnew, region, institution, authority, operator, checker, now }) {
  const grant = (account, role) => actAnew(registry, authority, "grantRole",
    { grant: { institution, expiresAt: 4_100_000_000n }, account, role, region, evidence },
    `GrantRole(bytes16 institution,address account,bytes32 role,uint32 region,uint64 expiresAt,${EVIDENCE},${END})`);
  const keccak = async (text) => Buffer.from((await chain.request("web3_sha3", `0x${Buffer.from(text).toString("hex")}`)).slice(2), "hex");
  await grant(operator, await keccak("register.operator"));
  await grant(checker, await keccak("register.checker"));
  const open = (checked) => openMarket({ chain, registry, calendar, region, operator, checker, checked });
  await measureMarket(await open(false), gas, chain, now);
  await measureChecked(await open(true), gas);
}

/** A register, and its acts: each with the checker's signature where the market is checked. */
async function openMarket({ chain, registry, calendar, region, operator, checker, checked }) {
  const market = { registry_: registry.address, calendar_: calendar.address, region_: region, checked_: checked };
  const liens = await chain.deploy("RegisterLiens", market);
  const actions = await chain.deploy("RegisterActions", market);
  const register = await chain.deploy("EquityRegister", { ...market, liens_: liens.address, actions_: actions.address });
  let nonce = BigInt(`0x${"7c".repeat(31)}00`);
  if (checked) await register.call("cancelNonces", { word: nonce >> 8n, mask: 1n << 255n }, checker);
  const act = async (method, values, message) => {
    const type = `${TYPES[method]},${EVIDENCE},${END})`;
    const auths = checked ? [await chain.authorise(register, type, { ...message, ...evidence }, checker, nonce++)] : [];
    return register.call(method, { ...values, evidence, auths }, operator);
  };
  return {
    register,
    openInvestor: (number) => {
      const details = { kind: PERSON, suitableUntil: UNTIL, addend: 0n };
      return act("openInvestor", { id: pseudonym(number), details }, { investor: pseudonym(number), ...details });
    },
    openSecurity: () => {
      const opening = { security: company, issuer: pseudonym(200), issuerRegion: region, terms };
      return act("openSecurity", { opening }, { ...opening, ...terms });
    },
    issue: (from, count) => {
      const numbers = [...Array(count).keys()].map((i) => from + i);
      const lists = { investors: numbers.map(pseudonym), units: numbers.map(units) };
      return act("issue", { id: company, ...lists }, { security: company, ...lists });
    },
    admit: (capital) => act("admit", { id: company, capital }, { security: company, capital }),
    transfer: (from, to, amount) => {
      const values = { security: company, from: pseudonym(from), to: pseudonym(to), units: amount, reason: 0n };
      return act("transfer", { act: values }, values);
    },
  };
}

async function measureMarket(market, gas, chain, now) {
  gas["deploy EquityRegister"] = market.register.gas;
  gas["open an investor"] = await market.openInvestor(0);
  for (let i = 1; i < 107; ++i) await market.openInvestor(i);
  gas["open a security"] = await market.openSecurity();
  gas["issue, first registration of 2"] = await market.issue(0, 2);
  gas["admit"] = await market.admit(units(0) + units(1));
  gas["issue to 100 new holders"] = await market.issue(2, 100);
  await chain.request("evm_setNextBlockTimestamp", Number(now + 30n * DAY));
  gas["transfer, first of a day"] = await market.transfer(0, 105, 10_000n);
  gas["transfer, new holder"] = await market.transfer(2, 106, 10_000n);
  gas["transfer, existing holder"] = await market.transfer(3, 4, 10_000n);
  gas["transfer, existing holder, all the units"] = await market.transfer(5, 6, units(5));
}

async function measureChecked(market, gas) {
  for (let i = 0; i < 2; ++i) await market.openInvestor(i);
  await market.openSecurity();
  await market.issue(0, 2);
  await market.admit(units(0) + units(1));
  await market.transfer(0, 1, 10_000n);
  gas["transfer, existing holder, with a checker"] = await market.transfer(0, 1, 10_000n);
}
