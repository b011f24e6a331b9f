/** Merging by field, as the server does it; pure. Code for palm-drafts.ts, no dependencies. */

export type JSONValue = string | number | boolean | null | JSONValue[] | { [name: string]: JSONValue };
export type Answers = { [name: string]: JSONValue };

export type Side = "mine" | "theirs";

/** `place` is a JSON pointer with the `_id` of a row instead of its index; a side is absent where it
 * has no such place. */
export interface Conflict {
  place: string; base: JSONValue | undefined; mine: JSONValue | undefined; theirs: JSONValue | undefined;
}

type Place = JSONValue | undefined;
export type Choose = (conflict: Conflict) => Side | undefined;

export function same(one: Place, other: Place): boolean {
  if (one === other) return true;
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((value, index) => same(value, other[index]));
  }
  if (!isObject(one) || !isObject(other)) return false;
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => name in other && same(one[name], other[name]));
}

function isObject(value: Place): value is Answers {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The rows of a repeated group by their ids; null for any other list or value. */
function rowsOf(value: Place): Map<string, Answers> | null {
  if (!Array.isArray(value)) return null;
  const rows = new Map<string, Answers>();
  for (const row of value) {
    const id = isObject(row) ? row["_id"] : undefined;
    if (!isObject(row) || typeof id !== "string" || rows.has(id)) return null;
    rows.set(id, row);
  }
  return rows;
}

/** As the server does it: members replace, null removes, rows are matched by `_id`. */
export function applied(target: Place, patch: JSONValue): JSONValue {
  if (isObject(patch)) {
    const result: Answers = isObject(target) ? { ...target } : {};
    for (const [name, value] of Object.entries(patch)) {
      if (value === null) delete result[name];
      else result[name] = applied(result[name], value);
    }
    return result;
  }
  const rows = rowsOf(patch);
  if (rows === null || rows.size === 0) return patch;
  const before = rowsOf(target) ?? new Map<string, Answers>();
  return [...rows].map(([id, row]) => applied(before.get(id), row));
}

/** The smallest patch that makes `after` of `before`: what nobody touched here is not sent, so that
 * it cannot undo what was changed elsewhere. */
export function difference(before: Answers, after: Answers): Answers {
  const patch: Answers = {};
  for (const name of Object.keys(before)) if (!(name in after)) patch[name] = null;
  for (const [name, value] of Object.entries(after)) {
    const old = before[name];
    if (!same(old, value)) patch[name] = changed(old, value);
  }
  return patch;
}

function changed(old: Place, value: JSONValue): JSONValue {
  if (isObject(old) && isObject(value)) return difference(old, value);
  const rows = rowsOf(value);
  const oldRows = rowsOf(old);
  if (rows === null || oldRows === null) return value;
  return [...rows].map(([id, row]) => {
    const was = oldRows.get(id);
    return was === undefined ? row : { _id: id, ...difference(was, row) };
  });
}

/** Three-way, by field and row. Where both sides changed a place differently `choose` is asked; a
 * place without a choice is in `conflicts`, and has their value meanwhile. */
export function merge(base: Answers, mine: Answers, theirs: Answers, choose: Choose): { answers: Answers; conflicts: Conflict[] } {
  const conflicts: Conflict[] = [];

  function members(b: Answers, m: Answers, t: Answers, path: string): Answers {
    const result: Answers = {};
    for (const name of new Set([...Object.keys(t), ...Object.keys(m)])) {
      const value = place(b[name], m[name], t[name], `${path}/${name.replace(/~/g, "~0").replace(/\//g, "~1")}`);
      if (value !== undefined) result[name] = value;
    }
    return result;
  }

  function place(b: Place, m: Place, t: Place, path: string): Place {
    if (same(m, t) || same(b, m)) return t;
    if (same(b, t)) return m;
    if (isObject(m) && isObject(t)) return members(isObject(b) ? b : {}, m, t, path);
    const mineRows = rowsOf(m);
    const theirRows = rowsOf(t);
    if (mineRows !== null && theirRows !== null) return rows(rowsOf(b) ?? new Map(), mineRows, theirRows, path);
    const conflict = { place: path, base: b, mine: m, theirs: t };
    const side = choose(conflict);
    if (side === undefined) conflicts.push(conflict);
    return side === "mine" ? m : t;
  }

  function rows(b: Map<string, Answers>, m: Map<string, Answers>, t: Map<string, Answers>, path: string): JSONValue[] {
    const kept = (side: Map<string, Answers>) => [...side.keys()].filter((id) => b.has(id) && m.has(id) && t.has(id));
    const weMoved = !same(kept(m), kept(b)) && same(kept(t), kept(b));
    const order = new Set(weMoved ? [...m.keys(), ...t.keys()] : [...t.keys(), ...m.keys()]);
    const values = [...order].map((id) => place(b.get(id), m.get(id), t.get(id), `${path}/${id}`));
    return values.filter((value): value is JSONValue => value !== undefined);
  }

  return { answers: members(base, mine, theirs, ""), conflicts };
}
