/**
 * Drafts for a mini-program or an H5 page: what was typed is kept on the phone until the server has it,
 * and no answer that another device gave is lost. No dependencies, no DOM, ES2017; only types have to
 * be erased to run it. How to use it: README.zh.md. Merging: palm-merge.ts. Files: palm-uploads.ts.
 *
 * Three rules of the server that everything here follows from:
 * - A save names the revision at which *this step* was last seen; the server merges by field.
 * - The same save repeated changes nothing. So after a lost answer the same bytes are sent again
 *   before anything newer: newer words over the old base would be in conflict with our own.
 * - A POST repeated with its Idempotency-Key is answered as before. So a key is kept until the answer.
 */

import { applied, difference, merge, same } from "./palm-merge";
import type { Answers, Choose, Conflict, JSONValue, Side } from "./palm-merge";

type Method = "GET" | "POST" | "PUT" | "DELETE";
export interface HttpRequest {
  method: Method; url: string; headers: Record<string, string>; body?: string | ArrayBuffer;
}

/** Names of headers in lower case. */
export interface HttpResponse { status: number; headers: Record<string, string>; body: string }

/** Rejects when no answer came, for whatever reason. */
export interface Transport { request(request: HttpRequest): Promise<HttpResponse> }

/** Of the phone, and outlives the app. "" is the same as absent; `set` throws when it could not keep it. */
export interface Store { get(key: string): string | null | undefined; set(key: string, value: string): void }

export type Next =
  | "retry" | "login" | "verify_identity" | "reload" | "fix_fields"
  | "update_client" | "wait" | "contact" | "rebase";

export interface FieldNote { pointer: string; code: string; message: string }

export interface ProblemDocument {
  type: string; title: string; status: number; detail: string | null; code: string; next: Next | null;
  errors: (FieldNote & { step?: string })[]; trace_id: string;
  [member: string]: JSONValue | undefined | FieldNote[];
}

export interface StepSaved {
  revision: number;
  step: { key: string; state: "empty" | "partial" | "complete"; errors: FieldNote[]; remarks: FieldNote[] };
  progress: { complete: number; total: number }; merged: boolean; stale?: string[]; answers?: Answers;
}

/** Of the draft only what is needed here; the rest passes through untouched. */
export interface DraftView {
  id: string; revision: number; state: "open" | "submitted" | "expired";
  steps: { key: string; state: string; answers: Answers; errors: FieldNote[] }[];
}

/** The server's refusal: `title` and `detail` may be shown, `code` and `next` say what to do. */
export class Problem extends Error {
  readonly document: ProblemDocument;
  readonly code: string; readonly next: Next | null;
  readonly retryAfterMs: number | null;

  constructor(document: ProblemDocument, retryAfterMs: number | null) {
    super(document.code);
    this.document = document;
    this.code = document.code;
    this.next = document.next;
    this.retryAfterMs = retryAfterMs;
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
  /** Refresh the session or sign in again, so that token() is a new one. Rejects if it cannot: with
   * LineDown where only the line is to blame. */
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
const LONGEST_WAIT_MS = 60_000; // Who is told to wait longer is not waited for.

/** For `_id` of rows and for keys: unique however wrong the phone's clock is, not secret. */
export function newId(): string {
  const random = () => Math.random().toString(36).slice(2, 10).padEnd(8, "0");
  return `${Date.now().toString(36)}-${random()}${random()}`;
}

export class Api {
  readonly tries: number;
  private readonly options: ApiOptions;
  private renewing: Promise<void> | null = null;

  constructor(options: ApiOptions) {
    this.options = options;
    this.tries = options.tries ?? 6;
  }

  /** One attempt; an access token that is over is renewed once. Rejects with Problem or LineDown. */
  async send<T>(method: Method, path: string, body?: unknown, key?: string): Promise<T> {
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
  async patient<T>(method: Method, path: string, body?: unknown, key?: string): Promise<T> {
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
    const kept = recalled<{ key: string; text: string }>(store, place);
    const key = kept !== null && kept.text === text ? kept.key : newId();
    remember(store, place, { key, text });
    try {
      const answer = await this.patient<T>("POST", path, body, key);
      remember(store, place, null);
      return answer;
    } catch (error) {
      // The same key goes on where the outcome is unknown, and after signing in or proving oneself.
      const next = error instanceof Problem ? error.next : null;
      if (!worthRepeating(error) && next !== "login" && next !== "verify_identity") remember(store, place, null);
      throw error;
    }
  }

  /** Exponential, with jitter, never earlier than the server asked. */
  async pause(tried: number, error: unknown): Promise<void> {
    const random = this.options.random ?? Math.random;
    const backoff = Math.min(LONGEST_PAUSE_MS, 500 * 2 ** (tried - 1)) * (0.5 + random() / 2);
    const asked = error instanceof Problem ? error.retryAfterMs : null;
    const ms = asked === null ? backoff : asked * (1 + random() / 5);
    const sleep = this.options.sleep ?? ((wait) => new Promise((done) => setTimeout(done, wait)));
    await sleep(Math.ceil(ms));
  }

  private async renewed(problem: Problem): Promise<void> {
    if (this.renewing === null) this.renewing = this.renewal();
    try {
      await this.renewing;
    } catch (error) {
      throw error instanceof LineDown ? error : problem;
    }
  }

  private async renewal(): Promise<void> {
    await null;
    try {
      await this.options.renew();
    } finally {
      this.renewing = null;
    }
  }

  private async attempt<T>(method: Method, path: string, body?: unknown, key?: string): Promise<T> {
    const headers = { ...this.options.headers };
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
    return understood(response) as T;
  }
}

function understood(response: HttpResponse): unknown {
  let body: unknown = null;
  try {
    body = response.body === "" ? null : JSON.parse(response.body);
  } catch {
    // A portal's log-in page, a proxy's error page.
    throw new LineDown("not an answer of the service");
  }
  // By what it is and not by the status, which Prefer: http-200 makes 200.
  const type = (body as { type?: unknown } | null)?.type;
  if (typeof type === "string" && type.startsWith("urn:bff:problem:")) {
    const seconds = Number(response.headers["retry-after"] ?? "");
    throw new Problem(body as ProblemDocument, seconds > 0 ? seconds * 1000 : null);
  }
  if (response.status < 200 || response.status > 299) throw new LineDown(`status ${response.status}`);
  return body;
}

export function worthRepeating(error: unknown): boolean {
  if (!(error instanceof Problem)) return error instanceof LineDown;
  if ((error.retryAfterMs ?? 0) > LONGEST_WAIT_MS) return false;
  return error.document.status >= 500 || error.document.status === 429 || error.code === "idempotency_key_in_flight";
}

/** What was remembered; null for what a kill cut off. */
export function recalled<T>(store: Store, key: string): T | null {
  try {
    return JSON.parse(store.get(key) || "null") as T | null;
  } catch {
    return null;
  }
}

/** Whether the phone could keep it. */
export function remember(store: Store, key: string, value: unknown): boolean {
  try {
    store.set(key, value === null ? "" : JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

/** A value in two places by turns: a kill in the middle of a write leaves the value before. */
class Slots<T> {
  private readonly store: Store;
  private readonly key: string;
  private turn = 0;

  constructor(store: Store, key: string) {
    this.store = store;
    this.key = key;
  }

  read(): T | null {
    const found = [0, 1].map((slot) => recalled<{ turn: number; value: T }>(this.store, `${this.key}:${slot}`));
    const newest = found.reduce((one, other) => ((other?.turn ?? 0) > (one?.turn ?? 0) ? other : one));
    this.turn = newest?.turn ?? 0;
    return newest?.value ?? null;
  }

  write(value: T): boolean {
    const turn = this.turn + 1;
    const kept = remember(this.store, `${this.key}:${turn % 2}`, { turn, value });
    // A place that could not be written is the next one again, so that the value before stays.
    if (kept) this.turn = turn;
    return kept;
  }

  clear(): void { for (const slot of [0, 1]) remember(this.store, `${this.key}:${slot}`, null); }
}

// ---------------------------------------------------------------- drafts

export interface DraftEvents {
  /** The server has it. `answers` is what is there now; show it when `merged`. Steps in `stale` were
   * changed elsewhere: `load`, and show them anew. */
  saved?(step: string, answers: Answers, result: StepSaved): void;
  /** One side for each place, in their order; null: the person will decide later (`resume`). */
  ask(step: string, conflicts: Conflict[]): Promise<Side[] | null>;
  /** The queue stands still, nothing is lost: `next` says what to do, then `resume`. With a `step`
   * only that step stands still, until it is saved anew. */
  stopped?(reason: Problem | LineDown, step: string | null): void;
  /** The phone's storage is full: until they are sent, the step's newest words are in memory only. */
  full?(step: string): void;
}

interface Seen { revision: number; answers: Answers }

/** `seen`: what the server last showed of this step, that the person's words were made from. `sending`:
 * the patch upon it that is on its way, or was when the answer was lost. `mine`: what the person wants,
 * where that is more. `theirs`: newer than `seen`, and still to be merged with `mine`. */
interface Kept { seen: Seen; sending: Answers | null; mine: Answers | null; theirs: Seen | null }

/** The words of one draft on this phone. One object for a draft at a time. */
export class DraftClient {
  readonly id: string;
  private readonly path: string;
  private readonly api: Api;
  private readonly store: Store;
  private readonly events: DraftEvents;
  private readonly names: Slots<string[]>;
  private readonly steps = new Map<string, { kept: Kept; slots: Slots<Kept> }>();
  private readonly standing = new Set<string>();
  private draining: Promise<void> | null = null;
  private over = false;

  constructor(api: Api, store: Store, id: string, events: DraftEvents) {
    this.api = api;
    this.store = store;
    this.id = id;
    this.path = `/drafts/${id}`;
    this.events = events;
    this.names = new Slots(store, `palm:draft:${id}`);
    for (const step of this.names.read() ?? []) {
      const slots = this.slots(step);
      const kept = slots.read();
      if (kept !== null) this.steps.set(step, { kept, slots });
    }
  }

  /** From the server; what waits here to be sent keeps the base that it was made from. */
  async load(): Promise<DraftView> {
    const view = await this.api.patient<DraftView>("GET", this.path);
    this.adopt(view);
    return view;
  }

  /** Any answer that is a whole draft: created, resumed, restored, another selection. */
  adopt(view: DraftView): void {
    if (this.over) return;
    const known = this.steps.size;
    for (const { key, answers } of view.steps) {
      const kept = this.steps.get(key)?.kept;
      // A save may have been answered since this view was made.
      const newer = kept !== undefined && kept.seen.revision > view.revision;
      if (newer || this.waits(key)) continue;
      this.keep(key, { seen: { revision: view.revision, answers }, sending: null, mine: null, theirs: null });
    }
    if (this.steps.size > known) this.names.write([...this.steps.keys()]);
  }

  /** What to show: with everything that was typed, sent or not. */
  answers(step: string): Answers {
    const { mine, seen, sending } = this.get(step);
    return mine ?? (applied(seen.answers, sending ?? {}) as Answers);
  }

  /** Steps whose newest words the server is not known to have. */
  pending(): string[] {
    return [...this.steps.keys()].filter((step) => this.waits(step));
  }

  /** `patch` as the server takes it. Kept on the phone when this returns; sent as soon as it can be. */
  save(step: string, patch: Answers): void {
    this.keep(step, { ...this.get(step), mine: applied(this.answers(step), patch) as Answers });
    this.standing.delete(step);
    void this.drained();
  }

  /** The line is back, the person signed in, or is ready to choose. Resolves when the queue rests. */
  async resume(): Promise<void> {
    this.standing.clear();
    await this.drained();
  }

  /** Gives up the words of a step that are not sent: the person said so, or it is no longer asked. */
  discard(step: string): void {
    this.keep(step, { ...this.get(step), sending: null, mine: null, theirs: null });
  }

  /** When the draft was submitted or erased, and when the person signs out. For good: an answer that
   * is still on its way leaves nothing on the phone. */
  forget(): void {
    this.over = true;
    for (const { slots } of this.steps.values()) slots.clear();
    this.names.clear();
    this.steps.clear();
  }

  private drained(): Promise<void> {
    if (this.draining === null) this.draining = this.drain();
    return this.draining;
  }

  private async drain(): Promise<void> {
    await null; // Not at once: an event handler may save, before there is anything to wait for.
    try {
      await this.sendAll();
    } finally {
      this.draining = null;
    }
  }

  /** One save at a time for the draft. */
  private async sendAll(): Promise<void> {
    for (let conflicts = 0; ; ) {
      const step = this.pending().find((one) => !this.standing.has(one));
      if (step === undefined) return;
      let refusal: Problem | null;
      try {
        refusal = await this.push(step);
      } catch (error) {
        if (this.over) return;
        if (!(error instanceof Problem || error instanceof LineDown)) throw error;
        this.events.stopped?.(error, null);
        return;
      }
      // Not for ever, even if others save all the time, or if merging here and there should differ.
      conflicts = refusal?.code === "draft_conflict" ? (conflicts + 1) % this.api.tries : 0;
      if (refusal === null || conflicts > 0) continue;
      this.standing.add(step);
      this.events.stopped?.(refusal, step);
    }
  }

  /** The refusal of this step alone, if there is one; rejects with what concerns all of them. */
  private async push(step: string): Promise<Problem | null> {
    const { theirs } = this.get(step);
    if (theirs !== null && !(await this.reconciled(step, theirs))) return null;
    const { seen, sending } = this.get(step);
    const patch = sending ?? difference(seen.answers, this.answers(step));
    if (Object.keys(patch).length === 0) {
      this.discard(step);
      return null;
    }
    if (sending === null) this.keep(step, { ...this.get(step), sending: patch, mine: null });
    const sent = applied(seen.answers, patch) as Answers;
    const body = { base_revision: seen.revision, answers: patch };
    let result: StepSaved;
    try {
      result = await this.api.patient<StepSaved>("PUT", `${this.path}/steps/${step}`, body);
    } catch (error) {
      if (!(error instanceof Problem && (error.next === "fix_fields" || error.document.status === 404))) throw error;
      let theirs: Seen | null = null;
      if (error.code === "draft_conflict" || error.document.status === 404) {
        // The step is no longer asked, unless the draft is not found either.
        const view = await this.api.patient<DraftView>("GET", this.path);
        const found = view.steps.find((one) => one.key === step);
        if (found !== undefined) theirs = { revision: view.revision, answers: found.answers };
      }
      this.keep(step, { seen, sending: null, mine: this.answers(step), theirs });
      return error;
    }
    const there = { revision: result.revision, answers: result.answers ?? sent };
    const { mine } = this.get(step);
    // Typed while the save was on its way: over what was sent, not over what came back.
    const from = mine === null ? there : { ...there, answers: sent };
    this.keep(step, { seen: from, sending: null, mine, theirs: mine === null ? null : there });
    this.events.saved?.(step, this.answers(step), result);
    return null;
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
        this.keep(step, { seen: theirs, sending: null, mine: merged.answers, theirs: null });
        return true;
      }
      const sides = await this.events.ask(step, merged.conflicts).catch(() => null);
      merged.conflicts.forEach((conflict, index) => {
        const side = sides?.[index];
        if (side !== undefined) chosen.set(conflict.place, { conflict, side });
      });
      if (sides === null || sides.length < merged.conflicts.length) {
        this.standing.add(step);
        return false;
      }
    }
  }

  private waits(step: string): boolean {
    const kept = this.steps.get(step)?.kept;
    return kept !== undefined && (kept.mine !== null || kept.sending !== null);
  }

  private get(step: string): Kept {
    const found = this.steps.get(step);
    if (found === undefined) throw new Error(`load the draft first: ${step}`);
    return found.kept;
  }

  private keep(step: string, kept: Kept): void {
    const slots = this.steps.get(step)?.slots ?? this.slots(step);
    this.steps.set(step, { kept, slots });
    if (!slots.write(kept)) this.events.full?.(step);
  }

  private slots(step: string): Slots<Kept> {
    return new Slots(this.store, `palm:draft:${this.id}:${step}`);
  }
}
