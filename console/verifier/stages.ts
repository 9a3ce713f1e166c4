/** The eight stages: each returns when it passes and throws NotRun or CheckError with its reason when it does not. */

import { equal } from "./bytes.js";
import { commit, verifyDisclosures } from "./commitment.js";
import { CheckError, demand, FormatError } from "./errors.js";
import { verifyEd25519 } from "./hashes.js";
import { decodeHeader, type Header } from "./header.js";
import { decodeLeaf, type Leaf } from "./leaf.js";
import { leafHash, verifyInclusion } from "./merkle.js";
import { cosignedAt, holds, linesBy, type Note, parseNote, type VerifierKey } from "./note.js";
import type { Receipt } from "./receipt.js";
import { checkRecord, type EvidenceRecord, submissionMessage } from "./record.js";
import { encodeInteger } from "./rlp.js";
import { type Checkpoint, headerAttestation, parseCheckpoint } from "./statements.js";
import { checkHeadAnchored, decodeTransactionReceipt } from "./transaction.js";
import { verifyTrieProof } from "./trie.js";
import type { Chain, Quorum, Trust, Witness } from "./trust.js";
import { BY_NAME } from "./types.js";

/** A stage for which the receipt has nothing to check. */
export class NotRun extends Error {
  constructor(readonly reason: string) {
    super(reason);
  }
}

/** The checkpoint as far as it could be read. */
export interface SignedCheckpoint {
  readonly note: Note;
  readonly head: Checkpoint;
}

export interface Cosigning {
  readonly witness: Witness;
  /** Seconds since 1970 of the witness's earliest cosignature. */
  readonly at: bigint;
}

/** `read`'s result; a FormatError becomes the reason `code`. */
export function orReason<T>(code: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof FormatError ? new CheckError(code) : error;
  }
}

export const leafStage = (receipt: Receipt): Leaf => decodeLeaf(receipt.leaf);

/** The record, when the receipt has it whole. */
export function recordStage({ record, disclosures }: Receipt, leaf: Leaf): EvidenceRecord | undefined {
  if (record !== undefined) {
    const checked = orReason("record-malformed", () => checkRecord(record.document));
    demand(equal(commit(checked, record.secret, leaf.suite), leaf.commitment), "commitment-mismatch");
    demand(checked.type === leaf.type.name, "type-mismatch");
    return checked;
  }
  if (disclosures === undefined) throw new NotRun("no-record");
  verifyDisclosures(disclosures, leaf.commitment, leaf.suite);
  const type = disclosures.items.find(({ path }) => path === "/type")?.value;
  demand(typeof type !== "string" || BY_NAME.get(type) === leaf.type, "type-mismatch");
  return undefined;
}

/** Whether the log's policy makes `submitter` a stage that must pass. */
export const needsSubmitter = ({ origin }: Receipt, trust: Trust): boolean =>
  trust.logs.some((log) => log.origin === origin && log.submitterRequired);

export function submitterStage(receipt: Receipt, trust: Trust, leaf: Leaf, record: EvidenceRecord | undefined): void {
  const { submitter, origin } = receipt;
  if (submitter === undefined || record === undefined) {
    demand(record === undefined || !needsSubmitter(receipt, trust), "submitter-missing");
    throw new NotRun("no-signature");
  }
  const known = trust.submitters.filter(
    ({ institution, publicKey }) => institution === record.actor && equal(publicKey, submitter.publicKey),
  );
  demand(known.length > 0, "submitter-unknown");
  const at = Number(leaf.acceptedAt);
  demand(known.some(({ from, to }) => from <= at && (to === null || at < to)), "submitter-key-expired");
  const message = submissionMessage(origin, record);
  demand(verifyEd25519(submitter.publicKey, message, submitter.signature), "submitter-signature");
}

export function readCheckpoint(receipt: Receipt): SignedCheckpoint {
  return orReason("checkpoint-malformed", () => {
    const note = parseNote(receipt.checkpoint);
    return { note, head: parseCheckpoint(note.text) };
  });
}

export function inclusionStage({ leaf, inclusion }: Receipt, { size, root }: Checkpoint): void {
  const { index, proof } = inclusion;
  verifyInclusion(leafHash(leaf), { index: BigInt(index), proof }, size, root);
}

export function checkpointStage({ origin }: Receipt, trust: Trust, { note, head }: SignedCheckpoint): void {
  demand(head.origin === origin, "origin-mismatch");
  const log = trust.logs.find((known) => known.origin === origin);
  if (log === undefined) throw new CheckError("log-unknown");
  const signed = log.keys.filter(({ key }) => hasSigned(note, key));
  demand(signed.length > 0, "log-signature-missing");
  const inRange = signed.some(
    ({ fromSize, toSize }) => head.size >= BigInt(fromSize) && (toSize === null || head.size < BigInt(toSize)),
  );
  demand(inRange, "log-key-range");
}

/** Whether `key` signed; a wrong signature by it refuses the note. */
function hasSigned(note: Note, key: VerifierKey): boolean {
  const lines = linesBy(note, key);
  demand(lines.every((line) => holds(note.text, line, key)), "signature-wrong");
  return lines.length > 0;
}

export function witnessStage(trust: Trust, { note }: SignedCheckpoint): Cosigning[] {
  const signed = trust.witnesses.filter(({ cosigns }) => hasSigned(note, cosigns));
  demand(meets(trust.cosignatures, signed), "witness-quorum");
  if (signed.length === 0) throw new NotRun("no-cosignature");
  return signed.map((witness) => {
    const times = linesBy(note, witness.cosigns).map(({ payload }) => cosignedAt(payload));
    return { witness, at: times.reduce((earliest, time) => (time < earliest ? time : earliest)) };
  });
}

export interface Anchored {
  readonly chain: Chain;
  readonly header: Header;
}

export function anchorStage({ origin, anchor }: Receipt, trust: Trust, head: Checkpoint): Anchored {
  if (anchor === undefined) throw new NotRun("no-anchor");
  const sameId = trust.chains.filter(({ chainId }) => chainId === anchor.chainId);
  demand(sameId.length > 0, "chain-unknown");
  const chain = sameId.find(({ genesis }) => equal(genesis, anchor.genesis));
  if (chain === undefined) throw new CheckError("genesis-mismatch");
  demand(equal(chain.contract, anchor.contract), "contract-mismatch");
  const header = orReason("header-malformed", () => decodeHeader(anchor.header));
  const key = encodeInteger(anchor.transactionIndex);
  const encoded = orReason("receipt-proof", () => verifyTrieProof(header.receiptsRoot, key, anchor.receiptProof));
  const transaction = orReason("transaction-malformed", () => decodeTransactionReceipt(encoded));
  demand(transaction.status === 1, "transaction-failed");
  const event = transaction.logs[anchor.logIndex];
  if (event === undefined) throw new CheckError("event-missing");
  checkHeadAnchored(event, chain.contract, origin, head);
  return { chain, header };
}

export function finalityStage(receipt: Receipt, trust: Trust, anchored: Anchored | undefined): Witness[] {
  if (anchored === undefined) throw new NotRun("no-anchor");
  const { chain, header } = anchored;
  const text = headerAttestation(chain.chainId, chain.genesis, header.number, header.hash);
  const found = new Set<Witness>();
  for (const attestation of receipt.attestations) {
    const note = orReason("attestation-malformed", () => parseNote(attestation));
    const signers = trust.witnesses.filter(({ attests }) => hasSigned(note, attests));
    demand(signers.length === 0 || note.text === text, "attestation-mismatch");
    for (const witness of signers) found.add(witness);
  }
  const attesting = [...found];
  demand(meets(trust.attestations, attesting), "header-quorum");
  if (attesting.length === 0) throw new NotRun("no-attestation");
  return attesting;
}

/** Whether these different witnesses are enough of each role. */
function meets(quorum: Quorum, witnesses: readonly Witness[]): boolean {
  return [...quorum].every(([role, least]) => witnesses.filter((witness) => witness.role === role).length >= least);
}
