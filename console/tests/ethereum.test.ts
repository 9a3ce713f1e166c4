import assert from "node:assert/strict";
import { test } from "node:test";
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { type Bytes, toHex, utf8 } from "../verifier/bytes.js";
import { keccak256, sha256, verifyEd25519 } from "../verifier/hashes.js";
import { decodeHeader } from "../verifier/header.js";
import { decodeTransactionReceipt, HEAD_ANCHORED, logId } from "../verifier/transaction.js";
import { verifyTrieProof } from "../verifier/trie.js";
import { hex, refusedAsFormat, vectors } from "./vectors.js";

interface Hashes {
  sha256: { input: string; hash: string }[];
  keccak256: { input: string; hash: string }[];
  ed25519: { seed: string; public_key: string; message: string; signature: string }[];
  empty_trie_root: string;
  events: { signature: string; topic0: string }[];
  log_ids: { origin: string; log_id: string }[];
}

interface Ethereum {
  headers: { rlp: string; number: number; hash: string; parent_hash: string; receipts_root: string; timestamp: number }[];
  receipts: { encoded: string; type: number; status: number; logs: { address: string; topics: string[]; data: string }[] }[];
  tries: { root: string; entries: { key: string; value: string; proof: string[] }[] }[];
}

const hashes = vectors<Hashes>("hashes.json");
const ethereum = vectors<Ethereum>("ethereum.json");

test("hashes, topics and log ids", () => {
  for (const { input, hash } of hashes.sha256) assert.equal(toHex(sha256(hex(input))), hash);
  for (const { input, hash } of hashes.keccak256) assert.equal(toHex(keccak256(hex(input))), hash);
  assert.equal(toHex(keccak256(Uint8Array.of(0x80))), hashes.empty_trie_root);
  for (const { signature, topic0 } of hashes.events) assert.equal(toHex(keccak256(utf8(signature))), topic0);
  assert.equal(toHex(HEAD_ANCHORED), hashes.events[0]?.topic0);
  for (const { origin, log_id } of hashes.log_ids) assert.equal(toHex(logId(origin)), log_id);
});

test("Ed25519 as RFC 8032 has it", () => {
  for (const { seed, public_key, message, signature } of hashes.ed25519) {
    assert.equal(toHex(ed25519.getPublicKey(hex(seed))), public_key);
    assert.ok(verifyEd25519(hex(public_key), hex(message), hex(signature)));
    assert.ok(!verifyEd25519(hex(public_key), hex(`${message}00`), hex(signature)));
  }
});

test("S beyond the group order is refused", () => {
  const [vector] = hashes.ed25519;
  assert.ok(vector);
  const signature = hex(vector.signature);
  signature.set(littleEndian(fromLittleEndian(signature.subarray(32)) + ed25519.Point.Fn.ORDER), 32);
  assert.ok(!verifyEd25519(hex(vector.public_key), hex(vector.message), signature));
});

test("a key has one spelling", () => {
  // the neutral point as a key lets S = 1, R = B pass for any message; its other two encodings are no keys at all
  const signature = hex(`0x58${"66".repeat(31)}01${"00".repeat(31)}`);
  assert.ok(verifyEd25519(hex(`0x01${"00".repeat(31)}`), hex("0x"), signature));
  assert.ok(!verifyEd25519(hex(`0xee${"ff".repeat(30)}7f`), hex("0x"), signature));
  assert.ok(!verifyEd25519(hex(`0x01${"00".repeat(30)}80`), hex("0x"), signature));
});

test("a signature that only the cofactor saves is refused", () => {
  const { Point } = ed25519;
  const order = Point.Fn.ORDER;
  const torsion = Point.fromHex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05");
  const [secret, nonce] = [123_456_789n, 987_654_321n];
  const key = Point.BASE.multiply(secret).toBytes();
  const r = Point.BASE.multiply(nonce).add(torsion).toBytes();
  const k = fromLittleEndian(sha512(Uint8Array.from([...r, ...key])));
  const signature = Uint8Array.from([...r, ...littleEndian((nonce + k * secret) % order)]);
  assert.ok(ed25519.verify(signature, hex("0x"), key, { zip215: true }));
  assert.ok(!verifyEd25519(key, hex("0x"), signature));
});

const fromLittleEndian = (data: Bytes): bigint => data.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
const littleEndian = (value: bigint): number[] => Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));

test("headers", () => {
  for (const { rlp, hash, parent_hash, receipts_root, number, timestamp } of ethereum.headers) {
    const header = decodeHeader(hex(rlp));
    assert.deepEqual(
      { hash: toHex(header.hash), parent: toHex(header.parentHash), root: toHex(header.receiptsRoot) },
      { hash, parent: parent_hash, root: receipts_root },
    );
    assert.deepEqual([header.number, header.timestamp], [BigInt(number), BigInt(timestamp)]);
  }
});

test("transaction receipts", () => {
  for (const { encoded, ...expected } of ethereum.receipts) {
    const { type, status, logs } = decodeTransactionReceipt(hex(encoded));
    const shown = logs.map(({ address, topics, data }) => ({ address: toHex(address), topics: topics.map(toHex), data: toHex(data) }));
    assert.deepEqual({ type, status, logs: shown }, expected);
  }
});

test("every entry of every trie is proven, and no proof serves another key or root", () => {
  for (const { root, entries } of ethereum.tries) {
    for (const { key, value, proof } of entries) {
      const nodes = proof.map(hex);
      assert.equal(toHex(verifyTrieProof(hex(root), hex(key), nodes)), value);
      refusedAsFormat(() => verifyTrieProof(hex(root), hex(`${key}00`), nodes), "longer key");
      refusedAsFormat(() => verifyTrieProof(keccak256(hex(root)), hex(key), nodes), "other root");
      refusedAsFormat(() => verifyTrieProof(hex(root), hex(key), [...nodes, ...nodes.slice(-1)]), "node left over");
    }
  }
});
