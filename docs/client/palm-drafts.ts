/**
 * Drafts and uploads for a mini-program or an H5 page: what was typed is kept on the phone until the
 * server has it, and no answer that another device gave is lost. One file, no dependencies, no DOM;
 * only types have to be erased to run it. How to use it: README.zh.md.
 *
 * Three rules of the server that everything here follows from:
 * - A save names the revision at which *this step* was last seen; the server merges by field.
 * - The same save repeated changes nothing. So after a lost answer the same bytes are sent again
 *   before anything newer: newer words over the old base would be in conflict with our own.
 * - A POST repeated with its Idempotency-Key is answered as before. So a key is kept until the answer.
 */

export type JSONValue = string | number | boolean | null | JSONValue[] | { [name: string]: JSONValue };
export type Answers = { [name: string]: JSONValue };

export interface HttpRequest {
  method: "GET" | "POST" | "PUT" | "DELETE"; url: string; headers: Record<string, string>;
  body?: string | ArrayBuffer;
}

/** Names of headers in lower case. */
export interface HttpResponse { status: number; headers: Record<string, string>; body: string }

/** Rejects when no answer came, for whatever reason. */
export interface Transport { request(request: HttpRequest): Promise<HttpResponse> }

/** wx.getStorageSync and wx.setStorageSync; "" is the same as absent. */
export interface Store { get(key: string): string | null | undefined; set(key: string, value: string): void }

export type Next =
  | "retry" | "login" | "verify_identity" | "reload" | "fix_fields"
  | "update_client" | "wait" | "contact" | "rebase";

export interface ProblemDocument {
  type: string; title: string; status: number; detail: string | null; code: string; next: Next | null;
  errors: { pointer: string; code: string; message: string; step?: string }[]; trace_id: string;
  [member: string]: JSONValue | undefined | ProblemDocument["errors"];
}

export interface FieldNote { pointer: string; code: string; message: string }

export interface StepSaved {
  revision: number;
  step: { key: string; state: "empty" | "partial" | "complete"; errors: FieldNote[]; remarks: FieldNote[] };
  progress: { complete: number; total: number }; merged: boolean; answers?: Answers;
}

/** Of the draft only what is needed here; the rest passes through untouched. */
export interface DraftView {
  id: string; revision: number; state: "open" | "submitted" | "expired";
  steps: { key: string; state: string; answers: Answers; errors: FieldNote[] }[];
}

export interface FileView {
  id: string; name: string; size: number; sha256: string; url: string;
  warnings: { code: string; message: string }[]; scan: "waiting" | "clean";
}

export interface UploadView {
  id: string; offset: number; state: "open" | "done" | "refused" | "expired"; part_bytes_min: number;
  part_bytes_max: number; file: FileView | null;
}

/** The server's refusal. `title` and `detail` may be shown; `code` and `next` say what to do. */
export class Problem extends Error {
  readonly document: ProblemDocument;
  readonly retryAfterMs: number | null;

  constructor(document: ProblemDocument, retryAfterMs: number | null) {
    super(document.code);
    this.document = document;
    this.retryAfterMs = retryAfterMs;
  }

  get code(): string {
    return this.document.code;
  }

  get next(): Next | null {
    return this.document.next;
  }
}

/** No answer, or one that does not tell what became of the request. */
export class LineDown extends Error {}

export interface ApiOptions {
  /** With the path: https://…/api/v1 */
  base: string;
  transport: Transport;
  /** X-Device-Id, X-Client-Platform, X-Client-Version, Accept-Language. */
  headers: Record<string, string>;
  token(): string | null;
  /** Refresh the session or sign in again, so that token() is a new one; rejects if it cannot. */
  renew(): Promise<void>;
  /** Where the runtime hides the bodies of answers that are not 2xx (Alipay). */
  hidesErrors?: boolean;
  /** Attempts at one request before the queue stops; 6 if absent. */
  tries?: number;
  sleep?(ms: number): Promise<void>;
  random?(): number;
}

declare function setTimeout(work: () => void, ms: number): unknown;

const LONGEST_PAUSE_MS = 30_000;
/** Who is told to wait longer than this is not waited for. */
const LONGEST_WAIT_MS = 60_000;

/** For `_id` of rows and for keys: unique, not secret. */
export function newId(): string {
  const random = () => Math.random().toString(36).slice(2, 10).padEnd(8, "0");
  return `${Date.now().toString(36)}-${random()}${random()}`;
}

export class Api {
  private readonly options: ApiOptions;
  private renewing: Promise<void> | null = null;

  constructor(options: ApiOptions) {
    this.options = options;
  }

  /** One attempt; an access token that is over is renewed once. Rejects with Problem or LineDown. */
  async send<T>(method: HttpRequest["method"], path: string, body?: unknown, key?: string): Promise<T> {
    const used = this.options.token();
    try {
      return await this.attempt<T>(method, path, body, key);
    } catch (error) {
      if (!(error instanceof Problem) || error.document.status !== 401 || error.next !== "login") throw error;
      // Several requests at once find out at once: one renewal serves them all.
      if (this.options.token() === used) await this.renewed(error);
      return this.attempt<T>(method, path, body, key);
    }
  }

  /** As often as `tries` says, where trying again is the right thing to do. */
  async patient<T>(method: HttpRequest["method"], path: string, body?: unknown, key?: string): Promise<T> {
    for (let tried = 1; ; tried += 1) {
      try {
        return await this.send<T>(method, path, body, key);
      } catch (error) {
        if (tried >= this.tries || !worthRepeating(error)) throw error;
        await this.pause(tried, error);
      }
    }
  }

  /** A POST that happens once however often it is asked: its key outlives a restart. */
  async once<T>(store: Store, name: string, path: string, body: unknown): Promise<T> {
    const place = `palm:once:${name}`;
    const text = JSON.stringify(body ?? null);
    const kept = read<{ key: string; text: string }>(store, place);
    const key = kept !== null && kept.text === text ? kept.key : newId();
    store.set(place, JSON.stringify({ key, text }));
    try {
      const answer = await this.patient<T>("POST", path, body, key);
      store.set(place, "");
      return answer;
    } catch (error) {
      // The same key goes on where the outcome is unknown, and after signing in or proving oneself.
      const again = worthRepeating(error) || ["login", "verify_identity"].includes(nextOf(error) ?? "");
      if (!again) store.set(place, "");
      throw error;
    }
  }

  /** Exponential, with jitter, never earlier than the server asked. */
  async pause(tried: number, error: unknown): Promise<void> {
    const random = this.options.random ?? Math.random;
    const backoff = Math.min(LONGEST_PAUSE_MS, 500 * 2 ** (tried - 1)) * (0.5 + random() / 2);
    const asked = error instanceof Problem ? error.retryAfterMs : null;
    const ms = asked === null ? backoff : asked * (1 + random() / 5);
    await (this.options.sleep ?? sleep)(Math.ceil(ms));
  }

  get tries(): number {
    return this.options.tries ?? 6;
  }

  private async renewed(problem: Problem): Promise<void> {
    this.renewing ??= this.options.renew().finally(() => {
      this.renewing = null;
    });
    try {
      await this.renewing;
    } catch {
      throw problem;
    }
  }

  private async attempt<T>(method: HttpRequest["method"], path: string, body?: unknown, key?: string): Promise<T> {
    const headers: Record<string, string> = { ...this.options.headers };
    const token = this.options.token();
    if (token !== null) headers["Authorization"] = `Bearer ${token}`;
    if (key !== undefined) headers["Idempotency-Key"] = key;
    if (this.options.hidesErrors) headers["Prefer"] = "http-200";
    const request: HttpRequest = { method, url: this.options.base + path, headers };
    if (body instanceof ArrayBuffer) {
      headers["Content-Type"] = "application/octet-stream";
      request.body = body;
    } else if (body !== undefined) {
      headers["Content-Type"] = "application/json";
      request.body = JSON.stringify(body);
    }
    let response: HttpResponse;
    try {
      response = await this.options.transport.request(request);
    } catch {
      throw new LineDown("no answer");
    }
    return parsed(response) as T;
  }
}

function parsed(response: HttpResponse): unknown {
  let body: unknown = null;
  try {
    body = response.body === "" ? null : JSON.parse(response.body);
  } catch {
    // A portal's log-in page, a proxy's error page.
    throw new LineDown("not an answer of the service");
  }
  if (isProblem(body)) {
    const seconds = Number(response.headers["retry-after"] ?? "");
    throw new Problem(body, seconds > 0 ? seconds * 1000 : null);
  }
  if (response.status < 200 || response.status > 299) throw new LineDown(`status ${response.status}`);
  return body;
}

/** By what it is and not by the status, which Prefer: http-200 makes 200. */
function isProblem(body: unknown): body is ProblemDocument {
  const type = (body as { type?: unknown } | null)?.type;
  return typeof type === "string" && type.startsWith("urn:bff:problem:");
}

function nextOf(error: unknown): Next | null {
  return error instanceof Problem ? error.next : null;
}

function worthRepeating(error: unknown): boolean {
  if (error instanceof LineDown) return true;
  if (!(error instanceof Problem)) return false;
  if ((error.retryAfterMs ?? 0) > LONGEST_WAIT_MS) return false;
  return error.document.status >= 500 || error.document.status === 429 || error.code === "idempotency_key_in_flight";
}

function sleep(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

function read<T>(store: Store, key: string): T | null {
  const text = store.get(key);
  return text ? (JSON.parse(text) as T) : null;
}

// ---------------------------------------------------------------- merging

export type Side = "mine" | "theirs";

/** `place` is a JSON pointer with the `_id` of a row instead of its index; a side is absent where it
 * has no such place. */
export interface Conflict {
  place: string; base: JSONValue | undefined; mine: JSONValue | undefined; theirs: JSONValue | undefined;
}

type Place = JSONValue | undefined;
type Choose = (conflict: Conflict) => Side | undefined;

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

// ---------------------------------------------------------------- drafts

export interface DraftEvents {
  /** The server has it. `answers` is what is there now; show it when `merged`. */
  saved?(step: string, answers: Answers, result: StepSaved): void;
  /** One side for each place, in their order; null: the person will decide later (`resume`). */
  ask(step: string, conflicts: Conflict[]): Promise<Side[] | null>;
  /** The queue stands still, nothing is lost: `next` says what to do, then `resume`. With a `step`
   * only that step stands still, until it is saved anew. */
  stopped?(reason: Problem | LineDown, step: string | null): void;
}

interface Seen { revision: number; answers: Answers }

/** `seen`: what the server last showed of this step, that the person's words were made from. `mine`:
 * what the person wants and was not sent yet. `sending`: what is on its way, or was when the answer
 * was lost. `theirs`: newer than `seen`, and still to be merged with `mine`. */
interface Kept {
  seen: Seen; mine: Answers | null; sending: { base: number; patch: Answers; whole: Answers } | null;
  theirs: Seen | null;
}

/** The words of one draft on this phone. One object for a draft at a time. */
export class DraftClient {
  readonly id: string;
  private readonly api: Api;
  private readonly store: Store;
  private readonly events: DraftEvents;
  private readonly steps = new Map<string, Kept>();
  private readonly standing = new Set<string>();
  private draining: Promise<void> | null = null;

  constructor(api: Api, store: Store, id: string, events: DraftEvents) {
    this.api = api;
    this.store = store;
    this.id = id;
    this.events = events;
    for (const step of read<string[]>(store, this.key()) ?? []) {
      const kept = read<Kept>(store, this.key(step));
      if (kept !== null) this.steps.set(step, kept);
    }
  }

  /** From the server; what waits here to be sent keeps the base that it was made from. */
  async load(): Promise<DraftView> {
    const view = await this.api.patient<DraftView>("GET", this.path());
    this.adopt(view);
    return view;
  }

  /** Any answer that is a whole draft: created, resumed, restored, another selection. */
  adopt(view: DraftView): void {
    for (const step of view.steps) {
      const kept = this.steps.get(step.key);
      if (kept !== undefined && (kept.mine !== null || kept.sending !== null)) continue;
      this.keep(step.key, { seen: { revision: view.revision, answers: step.answers }, mine: null, sending: null, theirs: null });
    }
    this.store.set(this.key(), JSON.stringify([...this.steps.keys()]));
  }

  /** What to show: with everything that was typed, sent or not. */
  answers(step: string): Answers {
    const kept = this.get(step);
    return kept.mine ?? kept.sending?.whole ?? kept.seen.answers;
  }

  /** Steps whose newest words the server is not known to have. */
  pending(): string[] {
    return [...this.steps].filter(([, kept]) => kept.mine !== null || kept.sending !== null).map(([step]) => step);
  }

  /** `patch` as the server takes it. Kept on the phone when this returns; sent as soon as it can be. */
  save(step: string, patch: Answers): void {
    const kept = this.get(step);
    this.keep(step, { ...kept, mine: applied(this.answers(step), patch) as Answers });
    this.standing.delete(step);
    void this.drained();
  }

  /** The line is back, the person signed in, or is ready to choose. Resolves when the queue rests. */
  async resume(): Promise<void> {
    this.standing.clear();
    await this.drained();
  }

  /** When the draft was submitted or erased, and when the person signs out. */
  forget(): void {
    for (const step of this.steps.keys()) this.store.set(this.key(step), "");
    this.store.set(this.key(), "");
    this.steps.clear();
  }

  private drained(): Promise<void> {
    // Later, and not at once: an event handler may save, before there is anything to wait for.
    this.draining ??= Promise.resolve().then(() => this.drain()).finally(() => {
      this.draining = null;
    });
    return this.draining;
  }

  /** One save at a time for the draft. */
  private async drain(): Promise<void> {
    for (;;) {
      const step = this.pending().find((one) => !this.standing.has(one));
      if (step === undefined) return;
      try {
        await this.push(step);
      } catch (error) {
        if (!(error instanceof Problem || error instanceof LineDown)) throw error;
        if (nextOf(error) !== "fix_fields") {
          this.events.stopped?.(error, null);
          return;
        }
        const kept = this.get(step);
        this.keep(step, { ...kept, mine: this.answers(step), sending: null });
        this.standing.add(step);
        this.events.stopped?.(error, step);
      }
    }
  }

  private async push(step: string): Promise<void> {
    let kept = this.get(step);
    if (kept.theirs !== null && !(await this.reconciled(step, kept.theirs))) return;
    kept = this.get(step);
    let sending = kept.sending;
    if (sending === null) {
      const whole = this.answers(step);
      const patch = difference(kept.seen.answers, whole);
      if (Object.keys(patch).length === 0) {
        this.keep(step, { ...kept, mine: null });
        return;
      }
      sending = { base: kept.seen.revision, patch, whole };
      this.keep(step, { ...kept, mine: null, sending });
    }
    const body = { base_revision: sending.base, answers: sending.patch };
    try {
      const result = await this.api.patient<StepSaved>("PUT", `${this.path()}/steps/${step}`, body);
      const seen = { revision: result.revision, answers: result.answers ?? sending.whole };
      const { mine } = this.get(step);
      // Typed while the save was on its way: over what was sent, not over what came back.
      if (mine === null) this.keep(step, { seen, mine, sending: null, theirs: null });
      else this.keep(step, { seen: { ...seen, answers: sending.whole }, mine, sending: null, theirs: seen });
      this.events.saved?.(step, this.answers(step), result);
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== "draft_conflict") throw error;
      const { revision, steps } = await this.api.patient<DraftView>("GET", this.path());
      const answers = steps.find((one) => one.key === step)?.answers ?? {};
      this.keep(step, { ...this.get(step), mine: this.answers(step), sending: null, theirs: { revision, answers } });
    }
  }

  /** What is wanted here, carried over to what is there now; the person decides what nobody else
   * can. False when that has to wait. */
  private async reconciled(step: string, theirs: Seen): Promise<boolean> {
    const chosen = new Map<string, { conflict: Conflict; side: Side }>();
    const choose: Choose = (conflict) => {
      const choice = chosen.get(conflict.place);
      return choice !== undefined && same(choice.conflict.mine, conflict.mine) ? choice.side : undefined;
    };
    for (;;) {
      const merged = merge(this.get(step).seen.answers, this.answers(step), theirs.answers, choose);
      if (merged.conflicts.length === 0) {
        this.keep(step, { seen: theirs, mine: merged.answers, sending: null, theirs: null });
        return true;
      }
      const sides = await this.events.ask(step, merged.conflicts);
      if (sides === null) {
        this.standing.add(step);
        return false;
      }
      merged.conflicts.forEach((conflict, index) => {
        chosen.set(conflict.place, { conflict, side: sides[index] ?? "theirs" });
      });
    }
  }

  private get(step: string): Kept {
    const kept = this.steps.get(step);
    if (kept === undefined) throw new Error(`load the draft first: ${step}`);
    return kept;
  }

  private keep(step: string, kept: Kept): void {
    this.steps.set(step, kept);
    this.store.set(this.key(step), JSON.stringify(kept));
  }

  private key(step?: string): string {
    return step === undefined ? `palm:draft:${this.id}` : `palm:draft:${this.id}:${step}`;
  }

  private path(): string {
    return `/drafts/${this.id}`;
  }
}

// ---------------------------------------------------------------- uploads

/** `read` as FileSystemManager.readFile with position and length; `sha256` of the whole, in hex. */
export interface UploadSource {
  name: string; size: number; sha256: string; read(position: number, length: number): Promise<ArrayBuffer>;
}

const FIRST_PART_BYTES = 1024 * 1024;

/** In parts, going on where it stood, also after a restart: call it again with the same arguments. */
export async function upload(
  api: Api, store: Store, draftId: string, material: string, source: UploadSource,
  progress?: (sent: number, size: number) => void,
): Promise<FileView> {
  const name = `upload:${draftId}:${material}:${source.sha256}`;
  const place = `palm:${name}`;
  const { size, sha256 } = source;
  let view = await stood(api, store, place);
  if (view === null) {
    view = await api.once<UploadView>(store, name, `/drafts/${draftId}/uploads`, { material, name: source.name, size, sha256 });
    store.set(place, JSON.stringify(view.id));
  }
  for (let completions = 1; view.state === "open"; completions += 1) {
    view = await sent(api, view, source, progress);
    try {
      view = await api.once<UploadView>(store, `complete:${view.id}`, `/uploads/${view.id}/complete`, undefined);
    } catch (error) {
      // Both carry the offset to go on from; what is wrong twice will stay wrong.
      const mendable = error instanceof Problem && ["hash_mismatch", "wrong_offset"].includes(error.code);
      if (!mendable || completions > 1) throw error;
      view = { ...view, offset: Number(error.document["offset"]) };
    }
  }
  store.set(place, "");
  if (view.file === null) throw new LineDown("the file was removed meanwhile");
  return view.file;
}

/** An upload that was begun before and can be gone on with. */
async function stood(api: Api, store: Store, place: string): Promise<UploadView | null> {
  const id = read<string>(store, place);
  if (id === null) return null;
  try {
    const view = await api.patient<UploadView>("GET", `/uploads/${id}`);
    if (view.state === "open" || (view.state === "done" && view.file !== null)) return view;
  } catch (error) {
    if (!(error instanceof Problem) || error.document.status !== 404) throw error;
  }
  store.set(place, "");
  return null;
}

/** Smaller parts where the line is bad, larger ones where it is good. */
async function sent(
  api: Api, begun: UploadView, source: UploadSource, progress?: (sent: number, size: number) => void,
): Promise<UploadView> {
  let view = begun;
  let length = Math.min(FIRST_PART_BYTES, begun.part_bytes_max);
  for (let failed = 0; view.offset < source.size; ) {
    const bytes = await source.read(view.offset, Math.min(length, source.size - view.offset));
    try {
      view = await api.send<UploadView>("PUT", `/uploads/${view.id}?offset=${view.offset}`, bytes);
      length = Math.min(length * 2, view.part_bytes_max);
      failed = 0;
      progress?.(view.offset, source.size);
    } catch (error) {
      failed += 1;
      const elsewhere = error instanceof Problem && error.code === "wrong_offset";
      if (failed >= api.tries || !(elsewhere || worthRepeating(error))) throw error;
      if (elsewhere) {
        view = { ...view, offset: Number(error.document["offset"]) };
        continue;
      }
      length = Math.max(Math.floor(length / 2), view.part_bytes_min);
      await api.pause(failed, error);
    }
  }
  return view;
}

// ---------------------------------------------------------------- transports

function lowered(headers: Record<string, unknown> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]));
}

function textOf(data: unknown): string {
  if (typeof data === "string") return data;
  return data === undefined || data === null ? "" : JSON.stringify(data);
}

interface CallbackOptions {
  url: string; method: HttpRequest["method"]; data?: string | ArrayBuffer; timeout: number;
  fail(error: unknown): void;
}
interface WxOptions extends CallbackOptions {
  header: Record<string, string>;
  success(answer: { statusCode: number; header: Record<string, unknown>; data: unknown }): void;
}
interface MyOptions extends CallbackOptions {
  headers: Record<string, string>; dataType: "text";
  success(answer: { status: number; headers?: Record<string, unknown>; data: unknown }): void;
}

function common({ url, method, body }: HttpRequest, timeout: number, fail: (error: unknown) => void): CallbackOptions {
  return { url, method, timeout, fail, ...(body === undefined ? {} : { data: body }) };
}

export function wxTransport(wx: { request(options: WxOptions): unknown }, timeoutMs = 20_000): Transport {
  return {
    request: (request) => new Promise((resolve, reject) => {
      wx.request({
        ...common(request, timeoutMs, reject), header: request.headers,
        success: ({ statusCode, header, data }) => resolve({ status: statusCode, headers: lowered(header), body: textOf(data) }),
      });
    }),
  };
}

/** With `hidesErrors: true` in ApiOptions. */
export function myTransport(my: { request(options: MyOptions): unknown }, timeoutMs = 20_000): Transport {
  return {
    request: (request) => new Promise((resolve, reject) => {
      my.request({
        ...common(request, timeoutMs, reject), headers: request.headers, dataType: "text",
        success: ({ status, headers, data }) => resolve({ status, headers: lowered(headers), body: textOf(data) }),
      });
    }),
  };
}

type FetchLike = (
  url: string, init: { method: string; headers: Record<string, string>; body?: string | ArrayBuffer },
) => Promise<{ status: number; headers: { forEach(take: (value: string, name: string) => void): void }; text(): Promise<string> }>;

/** For H5 and 爱山东: `fetchTransport(fetch)`. */
export function fetchTransport(fetch: FetchLike): Transport {
  return {
    async request({ method, url, headers, body }) {
      const answer = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) });
      const received: Record<string, string> = {};
      answer.headers.forEach((value, name) => {
        received[name.toLowerCase()] = value;
      });
      return { status: answer.status, headers: received, body: await answer.text() };
    },
  };
}
