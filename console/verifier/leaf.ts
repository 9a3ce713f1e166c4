/** The 104-byte leaf (docs/spec/leaf.md). */

import { type Bytes, toUint } from "./bytes.js";
import { CheckError, demand } from "./errors.js";
import { END_OF_TIME } from "./moment.js";
import { BY_CODE, type Phase, PHASES, type RecordType } from "./types.js";

export interface Leaf {
  readonly suite: 1;
  readonly type: RecordType;
  readonly phase: Phase;
  readonly seq: bigint;
  readonly stream: Bytes;
  readonly previous: Bytes;
  readonly commitment: Bytes;
  /** Milliseconds since 1970. */
  readonly acceptedAt: bigint;
}

export const SUITES: ReadonlyMap<number, string> = new Map([[1, "INTL-V1"]]);

/** Decode and check, in the order of the reasons of the leaf stage. */
export function decodeLeaf(data: Bytes): Leaf {
  demand(data.length === 104, "leaf-length");
  demand(data[0] === 1, "leaf-version");
  demand(toUint(data.subarray(5, 8)) === 0n, "leaf-reserved");
  const [suite, phase] = [data[1], PHASES[data[4] ?? PHASES.length]];
  if (suite !== 1) throw new CheckError("leaf-suite");
  if (phase === undefined) throw new CheckError("leaf-phase");
  const type = BY_CODE.get(Number(toUint(data.subarray(2, 4))));
  if (type === undefined) throw new CheckError("leaf-type");
  demand(type.phases.includes(phase), "leaf-phase");
  const seq = toUint(data.subarray(8, 16));
  const previous = data.subarray(32, 64);
  demand((seq === 0n) === previous.every((byte) => byte === 0), "leaf-previous");
  const acceptedAt = toUint(data.subarray(96));
  demand(acceptedAt < END_OF_TIME, "leaf-time");
  return { suite, type, phase, seq, stream: data.subarray(16, 32), previous, commitment: data.subarray(64, 96), acceptedAt };
}
