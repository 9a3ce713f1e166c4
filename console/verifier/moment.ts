/** Moments of the Gregorian calendar in RFC 3339, UTC. */

const MOMENT = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{3}))?Z$/;
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** The first millisecond of the year 10000. */
export const END_OF_TIME = 253_402_300_800_000n;

const isLeap = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);

/** Whether `text` is a moment of the years 0001 to 9999, of whole seconds or with three decimals; no leap second. */
export function isMoment(text: string): boolean {
  const found = MOMENT.exec(text);
  if (found === null) return false;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found.slice(1, 7).map(Number);
  const days = (DAYS[month - 1] ?? 0) + (month === 2 && isLeap(year) ? 1 : 0);
  return year >= 1 && day >= 1 && day <= days && hour <= 23 && minute <= 59 && second <= 59;
}

/** Milliseconds since 1970 of a time with three decimals, or undefined when it is none or before 1970. */
export function parseTime(text: string): number | undefined {
  if (!isMoment(text) || text.length !== 24) return undefined;
  const ms = Date.parse(text);
  return ms >= 0 ? ms : undefined;
}

export const formatTime = (ms: number | bigint): string => new Date(Number(ms)).toISOString();
