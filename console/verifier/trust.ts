/** The trust file: what a verifier believes beforehand (docs/spec/receipt.md). */

import { type Bytes, toHex } from "./bytes.js";
import { FormatError } from "./errors.js";
import { parseJson } from "./json.js";
import { parseTime } from "./moment.js";
import { COSIGNATURE, keyOf, parseVkey, PLAIN, type VerifierKey } from "./note.js";
import { INSTITUTION } from "./record.js";
import { Node } from "./shape.js";
import { isOrigin } from "./statements.js";

const LIMITS = { maxBytes: 1_048_576, maxDepth: 16 };
const WORD = /^[a-z][a-z0-9-]{0,31}$/;
const MAX_ENTRIES = 4_096;

/** In the order in which they are shown. */
export const STAGES = ["submitter", "record", "leaf", "inclusion", "checkpoint", "witness", "anchor", "finality"] as const;
export type Stage = (typeof STAGES)[number];

export interface LogKey {
  readonly key: VerifierKey;
  readonly fromSize: number;
  readonly toSize: number | null;
}

export interface TrustedLog {
  readonly origin: string;
  readonly keys: readonly LogKey[];
  readonly submitterRequired: boolean;
}

export interface SubmitterKey {
  readonly institution: string;
  readonly publicKey: Bytes;
  readonly from: number;
  readonly to: number | null;
}

export interface Witness {
  readonly name: string;
  readonly role: string;
  readonly cosigns: VerifierKey;
  readonly attests: VerifierKey;
}

export interface Chain {
  readonly chainId: number;
  readonly epoch: number;
  readonly genesis: Bytes;
  readonly class: string;
  readonly contract: Bytes;
}

/** Least number of different witnesses by role. */
export type Quorum = ReadonlyMap<string, number>;

export interface Trust {
  readonly logs: readonly TrustedLog[];
  readonly submitters: readonly SubmitterKey[];
  readonly witnesses: readonly Witness[];
  readonly chains: readonly Chain[];
  readonly stages: readonly Stage[];
  readonly cosignatures: Quorum;
  readonly attestations: Quorum;
}

export function parseTrust(data: Bytes | string): Trust {
  const file = new Node(parseJson(data, LIMITS), "");
  const member = file.members(["format", "logs", "submitters", "witnesses", "chains", "policy"]);
  if (member("format").text() !== "regseal/trust@v1") file.fail("not a trust file of version 1");
  const policy = member("policy").members(["stages", "witness", "header"]);
  return {
    logs: unique(member("logs"), log, [(one) => one.origin]),
    submitters: member("submitters").list(submitter, MAX_ENTRIES),
    witnesses: unique(member("witnesses"), witness, [(one) => one.name, (one) => toHex(one.cosigns.publicKey)]),
    chains: unique(member("chains"), chain, [
      (one) => `${one.chainId} ${one.epoch}`,
      (one) => `${one.chainId} ${toHex(one.genesis)}`,
    ]),
    stages: unique(policy("stages"), stage, [(name) => name]),
    cosignatures: quorum(policy("witness")),
    attestations: quorum(policy("header")),
  };
}

/** A list in which no two items share any of the `marks`. */
function unique<T>(node: Node, read: (item: Node) => T, marks: readonly ((item: T) => string)[]): T[] {
  const items = node.list(read, MAX_ENTRIES);
  for (const mark of marks) {
    if (new Set(items.map(mark)).size !== items.length) node.fail("one thing named twice");
  }
  return items;
}

function log(node: Node): TrustedLog {
  const member = node.members(["origin", "keys", "submitter_required"]);
  const origin = member("origin").text();
  if (!isOrigin(origin)) member("origin").fail("not an origin");
  const keys = unique(member("keys"), logKey, [({ key }) => toHex(key.publicKey)]);
  if (keys.some(({ key }) => key.name !== origin)) member("keys").fail("a key under another name");
  return { origin, keys, submitterRequired: member("submitter_required").flag() };
}

function logKey(node: Node): LogKey {
  const member = node.members(["vkey", "from_size", "to_size"]);
  const fromSize = member("from_size").integer();
  const toSize = member("to_size").orNull((size) => size.integer({ min: fromSize }));
  return { key: vkey(member("vkey"), PLAIN), fromSize, toSize };
}

function submitter(node: Node): SubmitterKey {
  const member = node.members(["institution", "public_key", "from", "to"]);
  const institution = member("institution").text();
  if (!INSTITUTION.test(institution)) member("institution").fail("not an institution");
  const from = time(member("from"));
  return { institution, publicKey: member("public_key").bytes(32), from, to: member("to").orNull(time) };
}

function witness(node: Node): Witness {
  const member = node.members(["vkey", "role"]);
  const cosigns = vkey(member("vkey"), COSIGNATURE);
  const { name, publicKey } = cosigns;
  return { name, role: word(member("role")), cosigns, attests: keyOf(name, PLAIN, publicKey) };
}

function chain(node: Node): Chain {
  const member = node.members(["chain_id", "epoch", "genesis", "class", "contract"], ["pilots"]);
  if (node.has("pilots")) member("pilots").bytes(20); // dossiers are measured by it, receipts are not
  return {
    chainId: member("chain_id").integer({ min: 1 }),
    epoch: member("epoch").integer({ min: 1 }),
    genesis: member("genesis").bytes(32),
    class: word(member("class")),
    contract: member("contract").bytes(20),
  };
}

function stage(node: Node): Stage {
  const name = node.text();
  return STAGES.find((known) => known === name) ?? node.fail("unknown stage");
}

function quorum(node: Node): Quorum {
  return new Map(
    node.entries().map(([role, least]) => {
      if (!WORD.test(role)) node.fail("a role is a word");
      return [role, least.integer({ min: 1 })];
    }),
  );
}

function vkey(node: Node, type: number): VerifierKey {
  try {
    const key = parseVkey(node.text());
    return key.type === type ? key : node.fail("a key of another type");
  } catch (error) {
    if (error instanceof FormatError && error.path === "") node.fail(error.reason);
    throw error;
  }
}

const time = (node: Node): number => parseTime(node.text()) ?? node.fail("not a time with milliseconds since 1970");

function word(node: Node): string {
  const text = node.text();
  return WORD.test(text) ? text : node.fail("not a word of at most 32 letters, digits and hyphens");
}
