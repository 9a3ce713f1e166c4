/** The table of record types and phases (docs/spec/leaf.md). */

export const PHASES = ["event", "requested", "registered", "refused"] as const;
export type Phase = (typeof PHASES)[number];

export interface RecordType {
  readonly code: number;
  readonly name: string;
  readonly phases: readonly Phase[];
}

const EVENT: readonly Phase[] = ["event"];
const COMMAND: readonly Phase[] = ["requested", "registered", "refused"];

const TYPES: readonly RecordType[] = [
  { code: 0x0001, name: "business.event", phases: EVENT },
  { code: 0x0002, name: "pilot.event", phases: EVENT },
  { code: 0x0003, name: "material.digest", phases: EVENT },
  { code: 0x0004, name: "material.manifest", phases: EVENT },
  { code: 0x0101, name: "institution.registration", phases: COMMAND },
  { code: 0x0102, name: "institution.status", phases: COMMAND },
  { code: 0x0103, name: "institution.authority", phases: COMMAND },
  { code: 0x0111, name: "role.grant", phases: COMMAND },
  { code: 0x0112, name: "role.revocation", phases: COMMAND },
  { code: 0x0121, name: "submitter-key.registration", phases: EVENT },
  { code: 0x0122, name: "submitter-key.revocation", phases: EVENT },
  { code: 0x0201, name: "log.opening", phases: COMMAND },
  { code: 0x0202, name: "log.rotation", phases: COMMAND },
  { code: 0x0203, name: "log.freeze", phases: COMMAND },
  { code: 0x0204, name: "log.succession", phases: COMMAND },
  { code: 0x0205, name: "log.recovery", phases: EVENT },
  { code: 0x0211, name: "record.erasure", phases: COMMAND },
  { code: 0x0212, name: "log.examination", phases: EVENT },
  { code: 0x0301, name: "pilot.step", phases: COMMAND },
  { code: 0x0302, name: "pilot.fact", phases: EVENT },
  { code: 0x0311, name: "calendar.publication", phases: COMMAND },
  { code: 0x0312, name: "calendar.closure", phases: COMMAND },
  { code: 0x0321, name: "rulebook.activation", phases: COMMAND },
  { code: 0x0322, name: "rulebook.retirement", phases: COMMAND },
  { code: 0x0401, name: "register.act", phases: COMMAND },
  { code: 0x0402, name: "register.fact", phases: EVENT },
];

export const BY_CODE: ReadonlyMap<number, RecordType> = new Map(TYPES.map((type) => [type.code, type]));
export const BY_NAME: ReadonlyMap<string, RecordType> = new Map(TYPES.map((type) => [type.name, type]));
