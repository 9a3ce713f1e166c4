/** A block header, as far as a receipt needs it. */

import type { Bytes } from "./bytes.js";
import { FormatError } from "./errors.js";
import { keccak256 } from "./hashes.js";
import { END_OF_TIME } from "./moment.js";
import { decodeList, integerOf, stringOf } from "./rlp.js";

const MAX_BYTES = 32_768;

export interface Header {
  readonly hash: Bytes;
  readonly parentHash: Bytes;
  readonly receiptsRoot: Bytes;
  readonly number: bigint;
  /** Seconds since 1970. */
  readonly timestamp: bigint;
}

export function decodeHeader(data: Bytes): Header {
  if (data.length > MAX_BYTES) throw new FormatError("", "header longer than 32 KiB");
  const items = decodeList(data);
  if (items.length < 15 || items.length > 32) throw new FormatError("", "header of too few or too many fields");
  for (const item of items) stringOf(item);
  const timestamp = integerOf(items[11], 8);
  if (timestamp * 1000n >= END_OF_TIME) throw new FormatError("", "header beyond the year 9999");
  return {
    hash: keccak256(data),
    parentHash: stringOf(items[0], 32),
    receiptsRoot: stringOf(items[5], 32),
    number: integerOf(items[8], 8),
    timestamp,
  };
}
