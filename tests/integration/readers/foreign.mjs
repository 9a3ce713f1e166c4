/**
 * Reads regseal exports with other people's libraries: `node foreign.mjs EXPORTS.json`; throws when one disagrees.
 *
 * EXPORTS.json is written by test_readers.py; bytes are 0x and lower-case hexadecimal.
 */

import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

// the packages are installed beside the second verifier, none of whose own code is used here
const load = createRequire(new URL("../../../console/package.json", import.meta.url));
const { verifyCheckpoint } = load("@sigstore/verify/dist/tlog/checkpoint.js");
const { verifyMerkleInclusion } = load("@sigstore/verify/dist/tlog/merkle.js");
const { RFC9162 } = load("@transmute/rfc9162");
const { verifyMerkleProof } = load("@ethereumjs/mpt");
const { createBlockHeaderFromRLP } = load("@ethereumjs/block");
const { Common, Hardfork, Mainnet } = load("@ethereumjs/common");
const { RLP } = load("@ethereumjs/rlp");
const canonicalizing = await import(load.resolve("canonicalize"));
const canonicalize = canonicalizing.default.default ?? canonicalizing.default;

const hex = (text) => Buffer.from(text.slice(2), "hex");
const show = (bytes) => `0x${Buffer.from(bytes).toString("hex")}`;
const SPKI_ED25519 = Buffer.from("302a300506032b6570032100", "hex");
const opensslKey = (raw) => createPublicKey({ key: Buffer.concat([SPKI_ED25519, raw]), format: "der", type: "spki" });

/** The public log as sigstore wants it: its key id, its name, its key. */
function sigstoreLog({ name, key_id, public_key }) {
  return { logID: hex(key_id), baseURL: name, publicKey: opensslKey(hex(public_key)) };
}

function sigstoreEntry({ note, index, proof, leaf }) {
  const inclusionProof = { checkpoint: { envelope: note }, logIndex: String(index), hashes: (proof ?? []).map(hex) };
  return { inclusionProof, ...(leaf && { canonicalizedBody: hex(leaf) }) };
}

const readers = {
  /** @sigstore/verify: the note, its log's signature, the three lines. */
  checkpoints(cases) {
    for (const { note, key, origin, size, root } of cases) {
      const found = verifyCheckpoint(sigstoreEntry({ note }), [sigstoreLog(key)]);
      assert.deepEqual([found.origin, found.logSize, show(found.logHash)], [origin, BigInt(size), root]);
      const forged = note.replace(`\n${size}\n`, `\n${size + 1}\n`);
      assert.throws(() => verifyCheckpoint(sigstoreEntry({ note: forged }), [sigstoreLog(key)]));
    }
  },

  /** OpenSSL, after C2SP tlog-cosignature: u64 seconds, then the signature over the time and the text. */
  cosignatures(cases) {
    for (const { text, payload, public_key, seconds } of cases) {
      const data = hex(payload);
      assert.equal(Number(data.readBigUInt64BE(0)), seconds);
      const message = Buffer.from(`cosignature/v1\ntime ${seconds}\n${text}`);
      assert.ok(verify(null, message, opensslKey(hex(public_key)), data.subarray(8)));
      assert.ok(!verify(null, Buffer.from(text), opensslKey(hex(public_key)), data.subarray(8)));
    }
  },

  /** @sigstore/verify, over the leaf's bytes. */
  inclusions(cases) {
    for (const { leaf, index, size, root, proof } of cases) {
      const head = { logSize: BigInt(size), logHash: hex(root) };
      verifyMerkleInclusion(sigstoreEntry({ index, proof, leaf }), head);
      assert.throws(() => verifyMerkleInclusion(sigstoreEntry({ index: index + 1, proof, leaf }), head));
    }
  },

  /** A C2SP tlog-proof, split by its specification alone; note and inclusion by @sigstore/verify. */
  tlogProofs(cases) {
    for (const { text, key } of cases) {
      const at = text.indexOf("\n\n");
      const [header, extra, index, ...hashes] = text.slice(0, at).split("\n");
      assert.equal(header, "c2sp.org/tlog-proof@v1");
      const note = text.slice(at + 2);
      const head = verifyCheckpoint(sigstoreEntry({ note }), [sigstoreLog(key)]);
      const entry = (logIndex) => ({
        canonicalizedBody: Buffer.from(extra.replace(/^extra /, ""), "base64"),
        inclusionProof: {
          checkpoint: { envelope: note },
          logIndex,
          hashes: hashes.map((each) => Buffer.from(each, "base64")),
        },
      });
      const at_index = index.replace(/^index /, "");
      verifyMerkleInclusion(entry(at_index), head);
      assert.throws(() => verifyMerkleInclusion(entry(String(BigInt(at_index) + 1n)), head));
    }
  },

  /** @transmute/rfc9162. */
  async consistencies(cases) {
    for (const { old, size, old_root, root, proof } of cases) {
      // RFC 9162 §2.1.4.2 step 2 is left to the caller by this library
      const path = [...(Number.isInteger(Math.log2(old)) ? [old_root] : []), ...proof].map(hex);
      const claim = { log_id: "", tree_size_1: old, tree_size_2: size, consistency_path: path };
      assert.ok(await RFC9162.verifyConsistencyProof(hex(old_root), hex(root), claim), `${old} to ${size}`);
      assert.ok(!(await RFC9162.verifyConsistencyProof(hex(old_root), hex(old_root), claim)), `${old} to ${size}`);
    }
  },

  /** @ethereumjs/mpt: the receipt under the header's receipts root. */
  async tries(cases) {
    for (const { root, key, value, proof } of cases) {
      const nodes = proof.map(hex);
      assert.equal(show(await verifyMerkleProof(hex(key), nodes, { root: hex(root) })), value);
      await assert.rejects(verifyMerkleProof(hex(key), nodes, { root: Buffer.alloc(32, 1) }));
    }
  },

  /** @ethereumjs/block: the header's hash, roots and numbers. */
  headers(cases) {
    for (const { rlp, hash, parent_hash, receipts_root, number, timestamp } of cases) {
      const fields = RLP.decode(hex(rlp)).length;
      const hardfork = { 16: Hardfork.London, 17: Hardfork.Shanghai, 20: Hardfork.Cancun, 21: Hardfork.Prague }[fields];
      const common = new Common({ chain: Mainnet, hardfork: hardfork ?? Hardfork.Istanbul });
      const header = createBlockHeaderFromRLP(hex(rlp), { common, skipConsensusFormatValidation: true });
      assert.deepEqual(
        [header.hash(), header.parentHash, header.receiptTrie].map(show),
        [hash, parent_hash, receipts_root],
      );
      assert.deepEqual([header.number, header.timestamp], [BigInt(number), BigInt(timestamp)]);
    }
  },

  /** npm canonicalize: RFC 8785. */
  canonical(cases) {
    for (const { input, output } of cases) {
      assert.equal(show(Buffer.from(canonicalize(JSON.parse(input)))), output, input.slice(0, 80));
    }
  },
};

const exported = JSON.parse(readFileSync(process.argv[2], "utf8"));
const read = {};
for (const [name, cases] of Object.entries(exported)) {
  await readers[name](cases);
  read[name] = cases.length;
}
process.stdout.write(`${JSON.stringify(read)}\n`);
