/** Reading JSON of a known shape: exactly these members, of these kinds. */

import { type Bytes, fromHex } from "./bytes.js";
import { FormatError } from "./errors.js";
import { isArray, isObject, type Json, type JsonObject, memberPath } from "./json.js";

export interface Range {
  readonly min?: number;
  readonly max?: number;
}

/** One value and where it stands. */
export class Node {
  constructor(
    readonly value: Json,
    readonly path: string,
  ) {}

  fail(reason: string): never {
    throw new FormatError(this.path, reason);
  }

  text(): string {
    return typeof this.value === "string" ? this.value : this.fail("not a string");
  }

  flag(): boolean {
    return typeof this.value === "boolean" ? this.value : this.fail("not true or false");
  }

  integer({ min = 0, max = Number.MAX_SAFE_INTEGER }: Range = {}): number {
    if (typeof this.value !== "number") return this.fail("not an integer");
    return this.value >= min && this.value <= max ? this.value : this.fail(`not within ${min} to ${max}`);
  }

  /** Bytes of 0x and lower-case hexadecimal, exactly `length` of them when given. */
  bytes(length?: number): Bytes {
    const data = fromHex(this.text()) ?? this.fail("not 0x and lower-case hexadecimal");
    return length === undefined || data.length === length ? data : this.fail(`not ${length} bytes`);
  }

  /** What `read` makes of each item of an array of at most `max`. */
  list<T>(read: (item: Node) => T, max = Number.POSITIVE_INFINITY): T[] {
    if (!isArray(this.value)) return this.fail("not an array");
    if (this.value.length > max) return this.fail(`more than ${max} items`);
    return this.value.map((item, index) => read(new Node(item, `${this.path}[${index}]`)));
  }

  /** The members of an object whose names are free. */
  entries(): [string, Node][] {
    return [...this.object()].map(([key, value]) => [key, new Node(value, memberPath(this.path, key))]);
  }

  /** A reader of the members of an object that has all `required`, perhaps some `optional` and no others. */
  members(required: readonly string[], optional: readonly string[] = []): (name: string) => Node {
    const object = this.object();
    for (const name of object.keys()) {
      if (!required.includes(name) && !optional.includes(name)) this.fail(`unknown member ${JSON.stringify(name)}`);
    }
    for (const name of required) {
      if (!object.has(name)) throw new FormatError(memberPath(this.path, name), "missing");
    }
    return (name) => new Node(object.get(name) ?? null, memberPath(this.path, name));
  }

  has(name: string): boolean {
    return isObject(this.value) && this.value.has(name);
  }

  /** What `read` makes of the value, or null for null. */
  orNull<T>(read: (node: this) => T): T | null {
    return this.value === null ? null : read(this);
  }

  private object(): JsonObject {
    return isObject(this.value) ? this.value : this.fail("not an object");
  }
}
