/** A strict JSON parser: integers only, no duplicate keys, no lone surrogates, bounded depth (docs/spec/record.md). */

import { type Bytes, fromUtf8, utf8 } from "./bytes.js";
import { FormatError } from "./errors.js";

export type Json = null | boolean | number | string | JsonArray | JsonObject;
export type JsonArray = readonly Json[];
/** A map, so that no key means anything to the language. */
export type JsonObject = ReadonlyMap<string, Json>;

export interface Limits {
  readonly maxBytes: number;
  readonly maxDepth: number;
}

export const RECORD_LIMITS: Limits = { maxBytes: 65_536, maxDepth: 16 };

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const UNICODE = /[0-9a-fA-F]{4}/y;
const WORDS: ReadonlyMap<string, Json> = new Map<string, Json>([
  ["true", true],
  ["false", false],
  ["null", null],
]);
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["\\", "\\"],
  ["/", "/"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);

export const isObject = (value: Json): value is JsonObject => value instanceof Map;
export const isArray = (value: Json): value is JsonArray => Array.isArray(value);

/** The path of member `key` of the object at `path`. */
export function memberPath(path: string, key: string): string {
  return `${path}/${key.replaceAll("~", "~0").replaceAll("/", "~1").replaceAll("[", "~2")}`;
}

export function parseJson(data: Bytes | string, limits: Limits = RECORD_LIMITS): Json {
  const bytes = typeof data === "string" ? utf8(data) : data;
  if (bytes.length > limits.maxBytes) throw new FormatError("", `longer than ${limits.maxBytes} bytes`);
  return new Parser(fromUtf8(bytes), limits.maxDepth).whole();
}

class Parser {
  private at = 0;

  constructor(
    private readonly text: string,
    private readonly maxDepth: number,
  ) {}

  whole(): Json {
    const value = this.value("", 1);
    if (this.at < this.text.length) throw new FormatError("", "something follows the value");
    return value;
  }

  /** One value with the white space around it; `depth` is the level a container here would have. */
  private value(path: string, depth: number): Json {
    this.match(SPACE);
    const value = this.bare(path, depth);
    this.match(SPACE);
    return value;
  }

  private bare(path: string, depth: number): Json {
    switch (this.text[this.at]) {
      case "{":
        return this.object(path, depth);
      case "[":
        return this.array(path, depth);
      case '"':
        return this.string(path);
      default:
        return this.word(path);
    }
  }

  private word(path: string): Json {
    for (const [word, value] of WORDS) {
      if (!this.text.startsWith(word, this.at)) continue;
      this.at += word.length;
      return value;
    }
    return this.number(path);
  }

  private number(path: string): number {
    const digits = this.match(NUMBER);
    if (digits === "") throw new FormatError(path, "no JSON value");
    const value = /^-?[0-9]{1,16}$/.test(digits) ? Number(digits) : Number.NaN;
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      throw new FormatError(path, "not an integer within 2^53 - 1, plainly written");
    }
    return value;
  }

  private array(path: string, depth: number): JsonArray {
    this.open(path, depth);
    const items: Json[] = [];
    if (this.closes("]")) return items;
    do items.push(this.value(`${path}[${items.length}]`, depth + 1));
    while (this.goesOn(path, "]"));
    return items;
  }

  private object(path: string, depth: number): JsonObject {
    this.open(path, depth);
    const members = new Map<string, Json>();
    if (this.closes("}")) return members;
    do this.member(members, path, depth);
    while (this.goesOn(path, "}"));
    return members;
  }

  private member(members: Map<string, Json>, path: string, depth: number): void {
    this.match(SPACE);
    if (this.text[this.at] !== '"') throw new FormatError(path, "a key must be a string");
    const key = this.string(path);
    if (members.has(key)) throw new FormatError(path, "duplicate key");
    this.match(SPACE);
    this.take(":", path);
    members.set(key, this.value(memberPath(path, key), depth + 1));
  }

  private string(path: string): string {
    this.at += 1;
    let text = "";
    for (;;) {
      text += this.match(PLAIN);
      const next = this.text[this.at++];
      if (next === '"') break;
      if (next !== "\\") throw new FormatError(path, "string not closed or with a control character");
      text += this.escape(path);
    }
    if (!text.isWellFormed()) throw new FormatError(path, "lone surrogate");
    return text;
  }

  private escape(path: string): string {
    const letter = this.text[this.at++] ?? "";
    if (letter === "u") {
      const digits = this.match(UNICODE);
      if (digits !== "") return String.fromCharCode(Number.parseInt(digits, 16));
    }
    const plain = ESCAPES.get(letter);
    if (plain === undefined) throw new FormatError(path, "unknown escape");
    return plain;
  }

  private open(path: string, depth: number): void {
    if (depth > this.maxDepth) throw new FormatError(path, `nested deeper than ${this.maxDepth}`);
    this.at += 1;
    this.match(SPACE);
  }

  private closes(bracket: string): boolean {
    if (this.text[this.at] !== bracket) return false;
    this.at += 1;
    return true;
  }

  /** Whether another item follows in a container; consumes the comma or the bracket. */
  private goesOn(path: string, bracket: string): boolean {
    if (this.closes(bracket)) return false;
    this.take(",", path);
    return true;
  }

  private take(character: string, path: string): void {
    if (this.text[this.at] !== character) throw new FormatError(path, `"${character}" expected`);
    this.at += 1;
  }

  /** What `pattern` (sticky) matches here; empty when nothing. */
  private match(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? "";
    this.at += found.length;
    return found;
  }
}
