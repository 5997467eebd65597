/** Times, ages and numbers in a locale. Ages are in milliseconds. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const numberFormats = new Map<string, Intl.NumberFormat>();
const dateFormats = new Map<string, Intl.DateTimeFormat>();

/** Intl formatters are dear to make and the list ticks every second: one of each kind is kept. */
function numbers(locale: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = locale + JSON.stringify(options);
  let format = numberFormats.get(key);
  if (!format) numberFormats.set(key, (format = new Intl.NumberFormat(locale, options)));
  return format;
}

function dates(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = locale + JSON.stringify(options);
  let format = dateFormats.get(key);
  if (!format) dateFormats.set(key, (format = new Intl.DateTimeFormat(locale, options)));
  return format;
}

function unit(value: number, name: string, locale: string): string {
  return numbers(locale, { style: "unit", unit: name, unitDisplay: locale.startsWith("zh") ? "short" : "narrow" })
    .format(value);
}

/** An age in its two largest units: "12 s", "3 min 5 s", "2 h 7 min", "4 d 1 h" as the locale writes them. */
export function formatAge(ms: number, locale: string): string {
  const age = Math.max(0, ms);
  const parts = (big: number, bigUnit: string, small: number, smallUnit: string): string =>
    `${unit(Math.floor(age / big), bigUnit, locale)} ${unit(Math.floor((age % big) / small), smallUnit, locale)}`;
  if (age < MINUTE) return unit(Math.floor(age / 1000), "second", locale);
  if (age < HOUR) return parts(MINUTE, "minute", 1000, "second");
  if (age < DAY) return parts(HOUR, "hour", MINUTE, "minute");
  return parts(DAY, "day", HOUR, "hour");
}

export function formatClock(at: number | Date, locale: string): string {
  return dates(locale, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }).format(at);
}

export function formatDay(at: number | Date, locale: string): string {
  return dates(locale, { month: "short", day: "numeric", weekday: "short" }).format(at);
}

/** Clock time of a moment of today, with the date before it when it was another day. */
export function formatWhen(iso: string, locale: string, now: number): string {
  const at = new Date(iso);
  const sameDay = at.toDateString() === new Date(now).toDateString();
  const day: Intl.DateTimeFormatOptions = sameDay ? {} : { month: "2-digit", day: "2-digit" };
  return dates(locale, { ...day, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }).format(at);
}

/** A moment for paper, which is read on another day: with its date and year. */
export function formatMoment(iso: string, locale: string): string {
  return dates(locale, {
    year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
  }).format(new Date(iso));
}

export function formatNumber(value: number, locale: string): string {
  // What rounds to nought is nought, not minus nought.
  return numbers(locale, { maximumFractionDigits: 2 }).format(value).replace(/^-(?=[0.,]*$)/, "");
}

export function formatPercent(part: number, locale: string): string {
  return numbers(locale, { style: "percent", maximumFractionDigits: 0 }).format(part);
}

const UNITS: Record<string, string> = {
  "1": "", Cel: "°C", "%EL": "%", "%LEL": "% LEL", "%RH": "% RH", "ug/m3": "µg/m³", uT: "µT", deg: "°", MBy: "MB",
  core: "", "1/min": "/min",
};

/** A unit as people write it (UCUM's "Cel" is °C). */
export function unitSign(code: string): string {
  return UNITS[code] ?? code;
}

/** A measured value with its unit. */
export function formatQuantity(value: number, unitCode: string, locale: string): string {
  return `${formatNumber(value, locale)} ${unitSign(unitCode)}`.trim();
}

/** A moment on a chart's axis that shows `span` milliseconds: the clock, with the day where it spans several. */
export function formatTick(at: number, span: number, locale: string): string {
  const clock: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  return dates(locale, span > 2 * DAY ? { month: "2-digit", day: "2-digit" } : clock).format(at);
}
