/** What an operator writes for on: TRUE of a sheet's checkbox, 1 of an env file, and words. */
const ON = ["true", "1", "yes", "on"];

/** What an operator writes for off. Anything else is off too, and worth a warning. */
const OFF = ["false", "0", "no", "off"];

/** What a value that was read means; `missing` for none and for nothing but space. */
export function meaningOf(value: unknown): "on" | "off" | "missing" | "unclear" {
  if (value === undefined || value === null) return "missing";
  const text = String(value).trim().toLowerCase();
  if (text === "") return "missing";
  if (ON.includes(text)) return "on";
  return OFF.includes(text) ? "off" : "unclear";
}
