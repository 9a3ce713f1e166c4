/** The receipt file (docs/spec/receipt.md). */

import type { Bytes } from "./bytes.js";
import type { Disclosure, Disclosures } from "./commitment.js";
import { MAX_FIELDS } from "./fields.js";
import { type Json, parseJson } from "./json.js";
import { Node } from "./shape.js";

const LIMITS = { maxBytes: 1_048_576, maxDepth: 18 };
const MAX_HASHES = 64;
const MAX_NODES = 16;
const MAX_ATTESTATIONS = 64;
const REQUIRED = ["format", "origin", "leaf", "inclusion", "checkpoint"];
const OPTIONAL = ["record", "disclosures", "submitter", "anchor", "attestations"];

export interface Anchor {
  readonly chainId: number;
  readonly genesis: Bytes;
  readonly contract: Bytes;
  readonly header: Bytes;
  readonly transactionIndex: number;
  readonly logIndex: number;
  readonly receiptProof: readonly Bytes[];
}

export interface Receipt {
  readonly origin: string;
  readonly record?: { readonly document: Json; readonly secret: Bytes };
  readonly disclosures?: Disclosures;
  readonly submitter?: { readonly publicKey: Bytes; readonly signature: Bytes };
  readonly leaf: Bytes;
  readonly inclusion: { readonly index: number; readonly proof: readonly Bytes[] };
  readonly checkpoint: string;
  readonly anchor?: Anchor;
  readonly attestations: readonly string[];
}

/** Everything the format fixes; throws FormatError. */
export function parseReceipt(data: Bytes | string): Receipt {
  const file = new Node(parseJson(data, LIMITS), "");
  const member = file.members(REQUIRED, OPTIONAL);
  if (member("format").text() !== "regseal/receipt@v1") file.fail("not a receipt of version 1");
  if (file.has("record") && file.has("disclosures")) file.fail("both record and disclosures");
  if (file.has("submitter") && !file.has("record")) file.fail("submitter without record");
  return {
    origin: member("origin").text(),
    ...(file.has("record") && { record: record(member("record")) }),
    ...(file.has("disclosures") && { disclosures: disclosures(member("disclosures")) }),
    ...(file.has("submitter") && { submitter: submitter(member("submitter")) }),
    leaf: member("leaf").bytes(),
    inclusion: inclusion(member("inclusion")),
    checkpoint: member("checkpoint").text(),
    ...(file.has("anchor") && { anchor: anchor(member("anchor")) }),
    attestations: file.has("attestations") ? member("attestations").list((item) => item.text(), MAX_ATTESTATIONS) : [],
  };
}

const hashes = (node: Node): Bytes[] => node.list((item) => item.bytes(), MAX_HASHES);

function record(node: Node): { document: Json; secret: Bytes } {
  const member = node.members(["document", "secret"]);
  return { document: member("document").value, secret: member("secret").bytes(32) };
}

function disclosures(node: Node): Disclosures {
  const member = node.members(["fields", "items"]);
  return { fields: member("fields").integer({ min: 1 }), items: member("items").list(disclosure, MAX_FIELDS) };
}

function disclosure(node: Node): Disclosure {
  const member = node.members(["path", "value", "salt", "index", "proof"]);
  return {
    path: member("path").text(),
    value: member("value").value,
    salt: member("salt").bytes(32),
    index: member("index").integer(),
    proof: hashes(member("proof")),
  };
}

function submitter(node: Node): { publicKey: Bytes; signature: Bytes } {
  const member = node.members(["public_key", "signature"]);
  return { publicKey: member("public_key").bytes(32), signature: member("signature").bytes(64) };
}

function inclusion(node: Node): { index: number; proof: Bytes[] } {
  const member = node.members(["index", "proof"]);
  return { index: member("index").integer(), proof: hashes(member("proof")) };
}

function anchor(node: Node): Anchor {
  const names = ["chain_id", "genesis", "contract", "header", "transaction_index", "log_index", "receipt_proof"];
  const member = node.members(names);
  return {
    chainId: member("chain_id").integer(),
    genesis: member("genesis").bytes(32),
    contract: member("contract").bytes(20),
    header: member("header").bytes(),
    transactionIndex: member("transaction_index").integer(),
    logIndex: member("log_index").integer(),
    receiptProof: member("receipt_proof").list((item) => item.bytes(), MAX_NODES),
  };
}
