/** Paths of C2SP tlog-tiles. */

import { FormatError } from "./errors.js";

const PATH = /^tile\/([0-7])\/((?:x[0-9]{3}\/)*)([0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/;

export interface Tile {
  readonly level: number;
  readonly index: number;
  /** Hashes in it, 1 to 256. */
  readonly width: number;
}

export function tilePath({ level, index, width }: Tile): string {
  const groups = [String(index % 1000).padStart(3, "0")];
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    groups.unshift(`x${String(rest % 1000).padStart(3, "0")}`);
  }
  return `tile/${level}/${groups.join("/")}${width === 256 ? "" : `.p/${width}`}`;
}

export function parseTilePath(path: string): Tile {
  const found = PATH.exec(path);
  if (found === null) throw new FormatError("", "not a tile's path");
  const [, level, high = "", low = "", width] = found;
  const index = Number(high.replaceAll(/[x/]/g, "") + low);
  const tile = { level: Number(level), index, width: width === undefined ? 256 : Number(width) };
  // only the one spelling: no leading zero group, no partial tile of 256
  if (!Number.isSafeInteger(index) || tilePath(tile) !== path) throw new FormatError("", "not a tile's path");
  return tile;
}
