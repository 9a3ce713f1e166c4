/** A transaction's receipt and the one event that counts (docs/spec/anchor.md). */

import { type Bytes, equal, toUint, utf8 } from "./bytes.js";
import { demand, FormatError } from "./errors.js";
import { keccak256 } from "./hashes.js";
import type { Head } from "./merkle.js";
import { decodeList, integerOf, type Item, itemsOf, stringOf } from "./rlp.js";

const MAX_BYTES = 262_144;
export const HEAD_ANCHORED: Bytes = keccak256(utf8("HeadAnchored(bytes32,uint64,bytes32,uint64)"));
export const logId = (origin: string): Bytes => keccak256(utf8(origin));

export interface EventLog {
  readonly address: Bytes;
  readonly topics: readonly Bytes[];
  readonly data: Bytes;
}

export interface TransactionReceipt {
  readonly type: number;
  readonly status: number;
  readonly logs: readonly EventLog[];
}

/** Untyped (a list) or EIP-2718 typed (a byte, then a list). */
export function decodeTransactionReceipt(data: Bytes): TransactionReceipt {
  const [first] = data;
  if (first === undefined || first === 0 || data.length > MAX_BYTES) throw wrong("length");
  const type = first < 0x80 ? first : 0;
  const items = decodeList(first < 0x80 ? data.subarray(1) : data);
  const [status, gas, bloom, logs] = items;
  if (items.length !== 4 || logs === undefined) throw wrong("not four fields");
  integerOf(gas, 8);
  stringOf(bloom, 256);
  const outcome = integerOf(status, 1);
  if (outcome > 1n) throw wrong("status");
  return { type, status: Number(outcome), logs: itemsOf(logs).map(eventOf) };
}

function eventOf(item: Item): EventLog {
  const [address, topics, data, ...more] = itemsOf(item);
  if (topics === undefined || more.length > 0) throw wrong("event");
  const topicList = itemsOf(topics).map((topic) => stringOf(topic, 32));
  if (topicList.length > 4) throw wrong("event");
  return { address: stringOf(address, 20), topics: topicList, data: stringOf(data) };
}

/** That `event` is HeadAnchored by `contract` for the log `origin` with exactly `head`. */
export function checkHeadAnchored(event: EventLog, contract: Bytes, origin: string, head: Head): void {
  demand(equal(event.address, contract), "event-address");
  const [topic, log, ...more] = event.topics;
  demand(topic !== undefined && equal(topic, HEAD_ANCHORED), "event-kind");
  demand(log !== undefined && more.length === 0 && event.data.length === 96, "event-kind");
  const [size, previous] = [toUint(event.data.subarray(0, 32)), toUint(event.data.subarray(64))];
  demand(size < 1n << 64n && previous < 1n << 64n, "event-kind");
  demand(equal(log, logId(origin)), "event-log");
  demand(size === head.size && equal(event.data.subarray(32, 64), head.root), "event-head");
}

const wrong = (reason: string): FormatError => new FormatError("", `transaction receipt: ${reason}`);
