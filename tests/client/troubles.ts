/** What goes wrong on the phone itself, with the draft meanwhile, and on the way. */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

import { LineDown, Problem, newId } from "../../docs/client/palm-drafts.ts";
import { myStore, myTransport, webStore, wxReader, wxStore, wxTransport } from "../../docs/client/palm-platforms.ts";
import { sha256Of, upload } from "../../docs/client/palm-uploads.ts";
import { Device, Storage, begun, first, onServer, second, told } from "./phones.ts";
import type { DraftView, HttpResponse } from "../../docs/client/palm-drafts.ts";
import type { Answers } from "../../docs/client/palm-merge.ts";

const bytes = readFileSync(told.file.path);
const source = {
  ...told.file,
  read: (position: number, length: number) => Promise.resolve(new Uint8Array(bytes.subarray(position, position + length)).buffer),
};

function refusal(code: string, status: number, next: string | null): HttpResponse {
  return { status, headers: {}, body: JSON.stringify({ type: `urn:bff:problem:${code}`, status, code, next }) };
}

function page(status: number): HttpResponse {
  return { status, headers: {}, body: `<html>${status}</html>` };
}

export const troubles: Record<string, () => Promise<Record<string, unknown>>> = {
  async killed_in_the_middle_of_any_write() {
    let kills = 0;
    const lost: unknown[] = [];
    for (let writes = 1; ; writes += 1) {
      const device = new Device(first);
      const store = new Storage();
      const draft = await begun(device, store);
      store.writesLeft = writes;
      device.line.onRequest = () => (store.killed ? Promise.reject(new Error("dead")) : Promise.resolve());
      let known: Answers = {};
      for (const words of [{ entity_name: "甲" }, { entity_name: "乙", employees_count: 3 }, { licence_copies: 2 }]) {
        draft.save("company", words);
        if (store.killed) break;
        known = { ...known, ...words };
        await draft.resume();
        if (store.killed) break;
      }
      if (!store.killed) break;
      kills += 1;
      const later = new Device(first);
      const again = later.draft(draft.id, store.afterRestart());
      await again.load();
      await again.resume();
      const company = await onServer(later, again, "company");
      const there = Object.entries(known).every(([name, value]) => company[name] === value);
      if (!there || later.conflicts.length > 0 || again.pending().length > 0) lost.push({ writes, known, company });
    }
    return { kills, lost };
  },

  async storage_that_is_full() {
    const device = new Device(first);
    const store = new Storage();
    const draft = await begun(device, store);
    draft.save("company", { entity_name: "甲" });
    await draft.resume();
    store.full = true;
    device.line.cut = true;
    draft.save("company", { entity_name: "乙" });
    await draft.resume();
    const told_full = device.full.length > 0;
    const restarted = device.draft(draft.id, store.afterRestart()).answers("company");
    device.line.cut = false;
    await draft.resume();
    const company = await onServer(device, draft, "company");
    const created = await device.api().once<DraftView>(store, "full", "/drafts", told.selection);
    store.full = false;
    draft.save("company", { employees_count: 3 });
    await draft.resume();
    const kept = device.draft(draft.id, store.afterRestart()).answers("company");
    // No room for one write, and killed in the middle of the next.
    device.line.cut = true;
    store.full = true;
    draft.save("company", { employees_count: 4 });
    store.full = false;
    store.writesLeft = 1;
    draft.save("company", { employees_count: 5 });
    const killed = device.draft(draft.id, store.afterRestart());
    return { told_full, restarted, company, created: created.revision, kept, killed: killed.answers("company"), pending: killed.pending() };
  },

  async a_clock_that_is_wrong() {
    const device = new Device(first);
    const right = Date.now;
    const ids = new Set<string>();
    try {
      for (const now of [0, 0, 4_102_444_800_000]) {
        Date.now = () => now;
        const draft = await begun(device, new Storage());
        ids.add(draft.id);
        draft.save("investors", { shareholders: [{ _id: newId(), name: "甲" }, { _id: newId(), name: "乙" }] });
        await draft.resume();
        if ((draft.answers("investors")["shareholders"] as Answers[]).length !== 2) throw new Error("rows");
      }
    } finally {
      Date.now = right;
    }
    return { drafts: ids.size, stopped: device.stopped };
  },

  async a_draft_that_is_gone() {
    const device = new Device(first);
    const seen: Record<string, unknown> = {};
    for (const [code, answer] of [
      ["not_found", null], ["draft_submitted", refusal("draft_submitted", 409, "reload")], ["draft_expired", refusal("draft_expired", 409, "reload")],
    ] as const) {
      const draft = await begun(device, new Storage());
      if (answer === null) await device.api().send("DELETE", `/drafts/${draft.id}`);
      else device.line.instead = [answer];
      const before = device.line.requests.length;
      draft.save("company", { entity_name: "甲" });
      await draft.resume();
      seen[code] = { told: device.stopped.at(-1), requests: device.line.requests.length - before, kept: draft.answers("company") };
      device.line.instead = [];
      draft.forget();
      await draft.resume();
      seen[code] = { ...(seen[code] as object), requests_after: device.line.requests.length - before };
    }
    return seen;
  },

  async signed_out_while_an_answer_is_on_its_way() {
    const seen: Record<string, unknown> = {};
    for (const what of ["save", "lost", "load"]) {
      const device = new Device(first);
      const store = new Storage();
      const draft = await begun(device, store);
      device.line.onAnswer = () => {
        draft.forget();
        return what === "lost" ? Promise.reject(new Error("lost")) : Promise.resolve();
      };
      if (what !== "load") draft.save("company", { entity_name: "甲" });
      await (what === "load" ? draft.load() : draft.resume());
      seen[what] = { left: [...store.kept.values()].filter((value) => value !== "").length, stopped: device.stopped };
    }
    return seen;
  },

  async answers_of_somebody_on_the_way() {
    const device = new Device(first);
    const draft = await begun(device, new Storage());
    const stopped: Record<string, unknown> = {};
    for (const status of [412, 428]) {
      device.line.instead = [page(status), page(status), page(status)];
      draft.save("company", { employees_count: status });
      await draft.resume();
      stopped[status] = { told: device.stopped.at(-1), pending: draft.pending() };
    }
    device.pauses.length = 0;
    const busy = { ...refusal("temporarily_unavailable", 503, "retry"), headers: { "retry-after": "5" } };
    device.line.instead = [busy, { ...page(503), headers: { "retry-after": "Wed, 21 Oct 2026 07:28:00 GMT" } }];
    await draft.resume();
    return { stopped, pauses: device.pauses, pending: draft.pending(), company: await onServer(device, draft, "company") };
  },

  async a_step_that_is_no_longer_asked() {
    const device = new Device(first);
    const view = await (await begun(device, new Storage())).load();
    const draft = device.draft(view.id, new Storage());
    draft.adopt({ ...view, steps: [{ key: "gone", state: "empty", answers: {}, errors: [] }, ...view.steps] });
    draft.save("gone", { a: 1 });
    draft.save("company", { entity_name: "甲" });
    await draft.resume();
    const waiting = draft.pending();
    draft.discard("gone");
    return { stopped: device.stopped, waiting, company: await onServer(device, draft, "company"), pending: draft.pending() };
  },

  async a_login_that_cannot_be_renewed() {
    const device = new Device({ ...first });
    const draft = await begun(device, new Storage());
    const good = device.phone.token;
    device.phone.token = "not-a-token";
    device.renewal = () => Promise.reject(new LineDown("no line for the refresh"));
    draft.save("company", { entity_name: "甲" });
    await draft.resume();
    device.renewal = () => Promise.reject(new Error("no login"));
    await draft.resume();
    const before = { stopped: [...device.stopped], pending: draft.pending() };
    device.renewal = () => {
      device.phone.token = good;
      return Promise.resolve();
    };
    await draft.resume();
    return { ...before, company: await onServer(device, draft, "company"), pending_after: draft.pending() };
  },

  async a_refusal_of_the_old_token_that_comes_late() {
    const device = new Device({ ...first });
    const good = device.phone.token;
    device.phone.token = "not-a-token";
    device.renewal = () => {
      device.phone.token = good;
      return Promise.resolve();
    };
    const api = device.api();
    let home: Promise<unknown> | null = null;
    device.line.onAnswer = async (request) => {
      if (request.url.endsWith("/me")) await home;
    };
    const me = api.send("GET", "/me");
    home = api.send("GET", "/home");
    await me;
    return { renewals: device.renewals };
  },

  async a_conflict_that_never_ends() {
    const device = new Device(first);
    const draft = await begun(device, new Storage());
    device.line.onRequest = (request) => Promise.resolve(request.method === "PUT" ? refusal("draft_conflict", 409, "fix_fields") : undefined);
    draft.save("company", { entity_name: "甲" });
    await draft.resume();
    const stuck = { saves: device.saves().length, stopped: [...device.stopped], kept: draft.answers("company"), pending: draft.pending() };
    device.line.onRequest = null;
    await draft.resume();
    return { stuck, company: await onServer(device, draft, "company"), pending: draft.pending() };
  },

  async a_view_that_is_older_than_a_save() {
    const device = new Device(first);
    const draft = await begun(device, new Storage());
    let arrived: (() => void) | null = null;
    device.line.onAnswer = async (request) => {
      if (request.method !== "GET" || arrived !== null) return;
      await new Promise<void>((done) => {
        arrived = done;
        draft.save("company", { entity_name: "甲" });
        void draft.resume().then(done);
      });
    };
    await draft.load();
    const shown = draft.answers("company");
    draft.save("company", { employees_count: 3 });
    await draft.resume();
    return { shown, base: (device.saves().at(-1) as { base_revision: number }).base_revision, company: await onServer(device, draft, "company") };
  },

  async a_person_who_does_not_answer_all() {
    const one = new Device(first);
    const draft = await begun(one, new Storage());
    const two = new Device(second);
    const other = two.draft(draft.id, new Storage());
    await other.load();
    draft.save("company", { entity_name: "甲", employees_count: 1 });
    await draft.resume();
    two.choose = () => Promise.resolve(["mine"]);
    other.save("company", { entity_name: "乙", employees_count: 2 });
    await other.resume();
    two.choose = () => Promise.reject(new Error("the page was closed"));
    await other.resume();
    const company = await onServer(one, draft, "company");
    return { asked: two.conflicts.length, shown: other.answers("company"), pending: other.pending(), company };
  },

  async files_that_are_refused() {
    const device = new Device(first);
    const store = new Storage();
    const draft = await begun(device, store);
    const code = (error: unknown) => (error instanceof Problem ? error.code : String(error));
    const large = await upload(device.api(), store, draft.id, told.material, { ...source, size: 2_000_000_000 }).catch(code);
    await upload(device.api(), store, draft.id, told.material, { ...source, size: 2_000_000_000 }).catch(code);
    const posts = device.line.requests.length;
    const keys = new Set(device.line.requests.map((one) => one.key)).size;
    const hasher = createHash("sha256");
    const sha256 = await sha256Of(source, { update: (piece) => hasher.update(new Uint8Array(piece)), hex: () => hasher.digest("hex") });
    // The file is written to while it is sent.
    const other = { ...source, sha256: "f".repeat(64), read: async (position: number, length: number) => new Uint8Array(await source.read(position, length)).map((byte) => byte ^ 1).buffer };
    const before = device.line.requests.length;
    const changed = await upload(device.api(), store, draft.id, told.material, other).catch(code);
    const after = device.line.requests.slice(before);
    const completed = after.filter((one) => one.path.endsWith("/complete")).length;
    await device.api().send("DELETE", `/drafts/${draft.id}`);
    const gone = await upload(device.api(), store, draft.id, told.material, source).catch(code);
    return { large, posts: posts - 1, keys: keys - 1, hashed: sha256 === source.sha256, changed, completed, gone };
  },

  async a_part_whose_answer_is_lost() {
    const device = new Device(first);
    const store = new Storage();
    const draft = await begun(device, store);
    const other = Buffer.concat([bytes, Buffer.from("\n%another file\n")]);
    const content = { name: "other.pdf", size: other.length, read: (position: number, length: number) => Promise.resolve(new Uint8Array(other.subarray(position, position + length)).buffer) };
    const sha256 = createHash("sha256").update(other).digest("hex");
    device.line.onRequest = async (request) => {
      if (request.method === "PUT" && request.url.endsWith("=0")) device.line.loseAnswers = device.pauses.length === 0 ? 1 : 0;
    };
    const file = await upload(device.api(), store, draft.id, told.material, { ...content, sha256 });
    const parts = device.line.requests.filter((one) => one.method === "PUT").map((one) => [one.path.split("=")[1], one.body]);
    return { parts, size: file.size - other.length };
  },

  async through_the_platforms_own_calls() {
    const kept = new Map<string, string>();
    const wx = {
      request: (options: { url: string; method: string; header: Record<string, string>; data?: unknown; success(answer: { statusCode: number; header: Record<string, string>; data: unknown }): void }) =>
        void answered(options.url, options.method, options.header, options.data).then(([status, data]) => options.success({ statusCode: status, header: { "Retry-After": "9" }, data: JSON.parse(data) })),
      getStorageSync: (key: string) => kept.get(key) ?? "",
      setStorageSync: (key: string, value: string) => void kept.set(key, value),
    };
    const my = {
      request: (options: { url: string; method: string; headers: Record<string, string>; data?: unknown; success(answer: { status: number; headers: Record<string, string>; data: unknown }): void; fail(error: unknown): void }) =>
        void answered(options.url, options.method, options.headers, options.data).then(([status, data]) => {
          if (status > 299) options.fail({ error: 19 });
          else options.success({ status, headers: { "Retry-After": "9" }, data });
        }),
      getStorageSync: ({ key }: { key: string }) => ({ data: kept.get(key) }),
      // Too long for a key here; says nothing.
      setStorageSync: ({ key, data }: { key: string; data: string }) => void (data.length < 200 ? kept.set(key, data) : null),
    };
    const seen: Record<string, unknown> = {};
    for (const [name, transport, store] of [["wx", wxTransport(wx), wxStore(wx)], ["my", myTransport(my), myStore(my)]] as const) {
      const device = new Device(first, name === "my", transport);
      const draft = await begun(device, new Storage());
      store.set("palm:x", "1");
      draft.save("company", { entity_name: "甲" });
      await draft.resume();
      const problem = await device.api().send("GET", "/drafts/nothing").catch((error: unknown) => error as Problem);
      const refused = problem instanceof Problem ? [problem.code, problem.document.status, problem.retryAfterMs] : String(problem);
      seen[name] = { company: await onServer(device, draft, "company"), refused, kept: store.get("palm:x"), absent: store.get("palm:y") || null };
    }
    const full = ((): boolean => {
      try {
        myStore(my).set("palm:x", "x".repeat(300));
        return false;
      } catch {
        return true;
      }
    })();
    const web = webStore({ getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) });
    const read = wxReader({ readFile: ({ position, length, success }) => void source.read(position, length).then((data) => success({ data })) }, "x");
    return { ...seen, full, web: web.get("palm:x"), read: (await read(10, 20)).byteLength };
  },
};

async function answered(url: string, method: string, headers: Record<string, string>, body: unknown): Promise<[number, string]> {
  const answer = await fetch(url, { method, headers, ...(body === undefined ? {} : { body: body as string }) });
  return [answer.status, await answer.text()];
}
