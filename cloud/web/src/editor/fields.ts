/** What a rule's fields are, read off the site's JSON Schema. Pure. */

export type Schema = Readonly<Record<string, unknown>>;

export type Field =
  | { readonly kind: "duration"; readonly least: number }
  | { readonly kind: "share" }
  | { readonly kind: "count"; readonly least?: number; readonly most?: number }
  | { readonly kind: "choice"; readonly of: readonly string[] }
  | { readonly kind: "labels" }
  | { readonly kind: "times" }
  | { readonly kind: "class" }
  | { readonly kind: "text" };

export interface NamedField {
  readonly name: string;
  readonly field: Field;
  readonly required: boolean;
  /** What counts while nothing is given. */
  readonly usual: unknown;
}

/** Told by its name, since to the schema they are texts and lists like others. */
const BY_NAME: Readonly<Record<string, Field>> = {
  event_class: { kind: "class" },
  labels: { kind: "labels" },
  schedule: { kind: "times" },
};
/** The order in which people think of them. */
const ORDER = ["event_class", "labels", "count", "share", "seen", "looks", "dwell", "gap", "schedule", "severity"];

/** The fields of a kind of rule, those that are asked for first. */
export function fieldsOf(schema: Schema): NamedField[] {
  const properties = schema.properties as Readonly<Record<string, Schema>>;
  const required = (schema.required ?? []) as readonly string[];
  return Object.entries(properties)
    .filter(([name]) => name !== "kind" && name !== "id")
    .map(([name, one]) => ({ name, field: fieldOf(name, one), required: required.includes(name), usual: one.default ?? null }))
    .sort((one, other) => rank(one.name) - rank(other.name));
}

export function fieldOf(name: string, schema: Schema): Field {
  const known = BY_NAME[name];
  if (known) return known;
  const forms = flattened(schema);
  const pattern = forms.find((one) => typeof one.pattern === "string")?.pattern as string | undefined;
  if (pattern?.includes("min|h")) {
    return { kind: "duration", least: Number(forms.find((one) => one.type === "number")?.minimum ?? 0) };
  }
  if (pattern?.includes("%")) return { kind: "share" };
  const whole = forms.find((one) => one.type === "integer");
  if (whole) {
    return {
      kind: "count",
      ...(typeof whole.minimum === "number" ? { least: whole.minimum } : {}),
      ...(typeof whole.maximum === "number" ? { most: whole.maximum } : {}),
    };
  }
  const choice = forms.find((one) => Array.isArray(one.enum));
  return choice ? { kind: "choice", of: choice.enum as string[] } : { kind: "text" };
}

function flattened(schema: Schema): Schema[] {
  const forms = schema.anyOf as readonly Schema[] | undefined;
  return forms ? forms.flatMap(flattened) : [schema];
}

function rank(name: string): number {
  const at = ORDER.indexOf(name);
  return at < 0 ? ORDER.length : at;
}

export const UNITS = { s: 1, min: 60, h: 3600 } as const;
export type Unit = keyof typeof UNITS;

/** A duration as the site file has it, in figures and a unit; null where it is none. */
export function durationOf(value: unknown): { figure: number; unit: Unit } | null {
  const written = typeof value === "string" ? /^\s*(\d+(?:\.\d+)?)\s*(ms|s|min|h|d)\s*$/.exec(value) : null;
  const sizes: Readonly<Record<string, number>> = { ms: 0.001, d: 86_400, ...UNITS };
  const seconds = typeof value === "number" ? value : written ? Number(written[1]) * (sizes[written[2] ?? ""] ?? 1) : null;
  if (seconds === null) return null;
  const unit = seconds > 0 && seconds % 3600 === 0 ? "h" : seconds > 0 && seconds % 60 === 0 ? "min" : "s";
  return { figure: seconds / UNITS[unit], unit };
}

/** A share as percent; null where it is none. */
export function percentOf(value: unknown): number | null {
  if (typeof value === "number") return Math.round(value * 1e6) / 1e4;
  const written = typeof value === "string" ? /^\s*(\d+(?:\.\d+)?)\s*%\s*$/.exec(value) : null;
  return written ? Number(written[1]) : null;
}
