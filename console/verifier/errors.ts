/** The two ways in which something can be wrong. */

/** The input is not of its format. `path` is the field (docs/spec/record.md, "Fields"), empty for the whole. */
export class FormatError extends Error {
  constructor(
    readonly path: string,
    readonly reason: string,
  ) {
    super(path === "" ? reason : `${path}: ${reason}`);
    this.name = "FormatError";
  }
}

/** The input is well-formed and does not hold; `code` is a reason of docs/spec/receipt.md. */
export class CheckError extends Error {
  constructor(readonly code: string) {
    super(code);
    this.name = "CheckError";
  }
}

/** Fail with `code` unless `holds`. */
export function demand(holds: boolean, code: string): asserts holds {
  if (!holds) throw new CheckError(code);
}
