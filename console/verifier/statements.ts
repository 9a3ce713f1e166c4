/** The texts that are signed: checkpoint, acknowledgement, head statement, header attestation. */

import { type Bytes, fromBase64, fromHex, toHex, utf8 } from "./bytes.js";
import { FormatError } from "./errors.js";
import type { Head } from "./merkle.js";
import { parseTime } from "./moment.js";

const ORIGIN = /^[a-z0-9.-]+(?:\/[a-z0-9._-]+)*$/;
const DECIMAL = /^(?:0|[1-9][0-9]{0,19})$/;
const NONCE = /^[0-9a-f]{64}$/;

export interface Checkpoint extends Head {
  readonly origin: string;
}

export interface Acknowledgement {
  readonly origin: string;
  readonly first: bigint;
  readonly count: bigint;
  readonly root: Bytes;
  readonly acceptedAt: number;
  readonly anchorBy: number;
}

export interface HeadStatement extends Checkpoint {
  readonly nonce: string;
}

export interface HeaderAttestation {
  readonly chainId: bigint;
  readonly genesis: Bytes;
  readonly blockNumber: bigint;
  readonly blockHash: Bytes;
}

export const isOrigin = (text: string): boolean => ORIGIN.test(text) && utf8(text).length <= 128;

export function parseCheckpoint(text: string): Checkpoint {
  const [name, size, hash] = linesOf(text, 3);
  return { origin: origin(name), size: decimal(size), root: root(hash) };
}

export function parseAcknowledgement(text: string): Acknowledgement {
  const [title, name, first, number, hash, times] = linesOf(text, 6);
  demandTitle(title, "regseal/ack@v1");
  const count = decimal(number);
  const [acceptedAt, anchorBy, ...more] = times.split(" ").map(parseTime);
  if (count === 0n || acceptedAt === undefined || anchorBy === undefined || more.length > 0) throw notThat("times");
  return { origin: origin(name), first: decimal(first), count, root: root(hash), acceptedAt, anchorBy };
}

export function parseHeadStatement(text: string): HeadStatement {
  const [title, name, nonce, size, hash] = linesOf(text, 5);
  demandTitle(title, "regseal/witness-head@v1");
  if (!NONCE.test(nonce)) throw notThat("a nonce");
  return { origin: origin(name), nonce, size: decimal(size), root: root(hash) };
}

export function parseHeaderAttestation(text: string): HeaderAttestation {
  const [title, chainId, genesis, number, hash] = linesOf(text, 5);
  demandTitle(title, "regseal/header@v1");
  return { chainId: decimal(chainId), genesis: hash32(genesis), blockNumber: decimal(number), blockHash: hash32(hash) };
}

/** The one text that attests a header. */
export function headerAttestation(chainId: number, genesis: Bytes, blockNumber: bigint, blockHash: Bytes): string {
  return `regseal/header@v1\n${chainId}\n${toHex(genesis)}\n${blockNumber}\n${toHex(blockHash)}\n`;
}

type Lines<N extends number, L extends string[] = []> = L["length"] extends N ? L : Lines<N, [...L, string]>;

/** Exactly `count` lines, each ended by a newline. */
function linesOf<N extends number>(text: string, count: N): Lines<N> {
  const lines = text.split("\n");
  if (lines.length !== count + 1 || lines[count] !== "") throw notThat(`${count} lines`);
  return lines.slice(0, count) as Lines<N>;
}

function demandTitle(line: string, title: string): void {
  if (line !== title) throw notThat(title);
}

function origin(text: string): string {
  if (!isOrigin(text)) throw notThat("an origin");
  return text;
}

function decimal(text: string): bigint {
  const value = DECIMAL.test(text) ? BigInt(text) : -1n;
  if (value < 0n || value >= 1n << 64n) throw notThat("a decimal number below 2^64");
  return value;
}

function root(text: string): Bytes {
  const data = fromBase64(text);
  if (data?.length !== 32) throw notThat("Base64 of a hash");
  return data;
}

function hash32(text: string): Bytes {
  const data = fromHex(text);
  if (data?.length !== 32) throw notThat("a hash in hexadecimal");
  return data;
}

const notThat = (what: string): FormatError => new FormatError("", `not ${what}`);
