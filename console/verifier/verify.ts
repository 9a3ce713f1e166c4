/** The verdict on a receipt: stages, reasons, weakest assumption, time (docs/spec/receipt.md). */

import type { Bytes } from "./bytes.js";
import { CheckError } from "./errors.js";
import { formatTime } from "./moment.js";
import { parseReceipt, type Receipt } from "./receipt.js";
import * as run from "./stages.js";
import { parseTrust, type Stage, STAGES, type Trust, type Witness } from "./trust.js";

export interface StageResult {
  readonly status: "pass" | "fail" | "not_run";
  readonly reason: string | null;
}

export interface Verdict {
  readonly outcome: "valid" | "invalid" | "incomplete";
  readonly exit_code: 0 | 1 | 3;
  readonly first_failure: Stage | null;
  readonly missing: readonly Stage[];
  readonly stages: Readonly<Record<Stage, StageResult>>;
  readonly weakest: "log-key" | "header-unauthenticated" | "witnesses";
  readonly witnesses: readonly string[];
  readonly chain_class: string | null;
  readonly time: { readonly source: "witness" | "block" | "service"; readonly latest: string } | null;
}

/** Verify two files; throws FormatError when either is not of its format. */
export function verifyFiles(receipt: Bytes | string, trust: Bytes | string): Verdict {
  const believed = parseTrust(trust);
  return verify(parseReceipt(receipt), believed);
}

export function verify(receipt: Receipt, trust: Trust): Verdict {
  const course = new Course();
  const leaf = course.stage("leaf", () => run.leafStage(receipt));
  const record = leaf && course.stage("record", () => run.recordStage(receipt, leaf));
  if (leaf) course.stage("submitter", () => run.submitterStage(receipt, trust, leaf, record));
  const signed = course.checkpoint(receipt);
  if (signed) {
    course.stage("inclusion", () => run.inclusionStage(receipt, signed.head));
    course.stage("checkpoint", () => run.checkpointStage(receipt, trust, signed));
  }
  const cosigning = signed && course.stage("witness", () => run.witnessStage(trust, signed));
  const anchored = signed && course.stage("anchor", () => run.anchorStage(receipt, trust, signed.head));
  const attesting = course.stage("finality", () => run.finalityStage(receipt, trust, anchored));
  const time = latest(cosigning, attesting && anchored, leaf?.acceptedAt);
  const required = run.needsSubmitter(receipt, trust) ? [...trust.stages, "submitter" as const] : trust.stages;
  return {
    ...course.outcome(required),
    weakest: cosigning === undefined ? "log-key" : attesting === undefined ? "header-unauthenticated" : "witnesses",
    witnesses: namesOf([...(cosigning ?? []).map(({ witness }) => witness), ...(attesting ?? [])]),
    chain_class: anchored?.chain.class ?? null,
    time,
  };
}

/** The stages so far; after the first failure nothing runs. */
class Course {
  private readonly results = new Map<Stage, StageResult>();
  private failure: Stage | null = null;

  /** The stage's finding, or undefined when it did not pass. */
  stage<T>(name: Stage, check: () => T): T | undefined {
    if (this.failure !== null) return undefined;
    try {
      const found = check();
      this.results.set(name, { status: "pass", reason: null });
      return found;
    } catch (error) {
      this.record(name, error);
      return undefined;
    }
  }

  /** The checkpoint; when it cannot be read, `inclusion` does not run and `checkpoint` fails. */
  checkpoint(receipt: Receipt): run.SignedCheckpoint | undefined {
    if (this.failure !== null) return undefined;
    try {
      return run.readCheckpoint(receipt);
    } catch (error) {
      this.results.set("inclusion", { status: "not_run", reason: "checkpoint-malformed" });
      this.record("checkpoint", error);
      return undefined;
    }
  }

  outcome(required: readonly Stage[]): Pick<Verdict, "outcome" | "exit_code" | "first_failure" | "missing" | "stages"> {
    const stages = Object.fromEntries(STAGES.map((name) => [name, this.resultOf(name)])) as Record<Stage, StageResult>;
    const first_failure = this.failure;
    if (first_failure !== null) return { outcome: "invalid", exit_code: 1, first_failure, missing: [], stages };
    const missing = STAGES.filter((name) => required.includes(name) && stages[name].status !== "pass");
    if (missing.length > 0) return { outcome: "incomplete", exit_code: 3, first_failure, missing, stages };
    return { outcome: "valid", exit_code: 0, first_failure, missing, stages };
  }

  private resultOf(name: Stage): StageResult {
    return this.results.get(name) ?? { status: "not_run", reason: "earlier-failure" };
  }

  private record(name: Stage, error: unknown): void {
    if (error instanceof run.NotRun) {
      this.results.set(name, { status: "not_run", reason: error.reason });
    } else if (error instanceof CheckError) {
      this.results.set(name, { status: "fail", reason: error.code });
      this.failure = name;
    } else {
      throw error;
    }
  }
}

function latest(
  cosigning: readonly run.Cosigning[] | undefined,
  anchored: run.Anchored | undefined,
  acceptedAt: bigint | undefined,
): Verdict["time"] {
  if (cosigning !== undefined) {
    const seconds = cosigning.map(({ at }) => at).reduce((last, at) => (at > last ? at : last));
    return { source: "witness", latest: formatTime(seconds * 1000n) };
  }
  if (anchored !== undefined) return { source: "block", latest: formatTime(anchored.header.timestamp * 1000n) };
  return acceptedAt === undefined ? null : { source: "service", latest: formatTime(acceptedAt) };
}

const namesOf = (witnesses: readonly Witness[]): string[] => [...new Set(witnesses.map(({ name }) => name))].sort();
