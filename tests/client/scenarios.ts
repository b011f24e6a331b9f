/** Phones on bad lines, against a real server. Told in one line of JSON on stdin; tells what it saw in
 * one line of JSON a scenario. tests/client/test_palm_drafts.py says what it should have seen. */

import { readFileSync } from "node:fs";

import { Api, DraftClient, LineDown, Problem, fetchTransport, merge, upload } from "../../docs/client/palm-drafts.ts";
import type {
  Answers, ApiOptions, Conflict, DraftEvents, DraftView, HttpRequest, HttpResponse, Side, Store, Transport,
} from "../../docs/client/palm-drafts.ts";

interface Phone { device: string; token: string; refresh: string }
interface Told {
  base: string; phones: Phone[]; selection: Answers; material: string;
  file: { path: string; name: string; size: number; sha256: string };
}

const told = JSON.parse(readFileSync(0, "utf8")) as Told;

/** What setStorage keeps when the app is killed. */
class Storage implements Store {
  readonly kept: Map<string, string>;
  constructor(kept: Iterable<[string, string]> = []) {
    this.kept = new Map(kept);
  }
  get(key: string): string | undefined {
    return this.kept.get(key);
  }
  set(key: string, value: string): void {
    this.kept.set(key, value);
  }
  afterRestart(): Storage {
    return new Storage(this.kept);
  }
}

/** A line that can be cut, and that can lose answers to requests that arrived. */
class Line implements Transport {
  cut = false;
  loseAnswers = 0;
  /** Answers of somebody on the way, given instead of the server's. */
  instead: HttpResponse[] = [];
  requests: { method: string; path: string; body: unknown; key: string | undefined; prefer: string | undefined }[] = [];
  onRequest: ((request: HttpRequest) => Promise<void>) | null = null;
  private readonly real = fetchTransport(fetch);

  async request(request: HttpRequest): Promise<HttpResponse> {
    if (this.cut) throw new Error("no line");
    this.requests.push({
      method: request.method, path: request.url.slice(told.base.length),
      body: typeof request.body === "string" ? JSON.parse(request.body) : request.body?.byteLength,
      key: request.headers["Idempotency-Key"], prefer: request.headers["Prefer"],
    });
    const other = this.instead.shift();
    if (other !== undefined) return other;
    await this.onRequest?.(request);
    const answer = await this.real.request(request);
    if (this.loseAnswers > 0) {
      this.loseAnswers -= 1;
      throw new Error("answer lost");
    }
    return answer;
  }
}

class Device {
  readonly line = new Line();
  readonly pauses: number[] = [];
  readonly stopped: string[] = [];
  readonly conflicts: Conflict[][] = [];
  renewals = 0;
  choose: (conflicts: Conflict[]) => Promise<Side[] | null> = () => Promise.resolve(null);
  private readonly phone: Phone;
  private readonly hidesErrors: boolean;

  constructor(phone: Phone, hidesErrors = false) {
    this.phone = phone;
    this.hidesErrors = hidesErrors;
  }

  api(): Api {
    const options: ApiOptions = {
      base: told.base, transport: this.line, headers: { "X-Device-Id": this.phone.device }, hidesErrors: this.hidesErrors,
      token: () => this.phone.token, renew: () => this.renew(), random: () => 0, tries: 3,
      sleep: (ms) => {
        this.pauses.push(ms);
        return Promise.resolve();
      },
    };
    return new Api(options);
  }

  draft(id: string, store: Storage): DraftClient {
    const events: DraftEvents = {
      ask: (_step, conflicts) => {
        this.conflicts.push(conflicts);
        return this.choose(conflicts);
      },
      stopped: (reason) => this.stopped.push(reason instanceof Problem ? reason.code : "line_down"),
    };
    return new DraftClient(this.api(), store, id, events);
  }

  saves(): unknown[] {
    return this.line.requests.filter((one) => one.method === "PUT").map((one) => one.body);
  }

  private async renew(): Promise<void> {
    this.renewals += 1;
    const answer = await fetch(`${told.base}/auth/refresh`, {
      method: "POST", headers: { "Content-Type": "application/json", "X-Device-Id": this.phone.device },
      body: JSON.stringify({ refresh_token: this.phone.refresh }),
    });
    const session = (await answer.json()) as { access_token: string; refresh_token: string };
    this.phone.token = session.access_token;
    this.phone.refresh = session.refresh_token;
  }
}

const [first, second] = told.phones as [Phone, Phone];

async function begun(device: Device, store: Storage): Promise<DraftClient> {
  const created = await device.api().once<DraftView>(store, `draft:${Math.random()}`, "/drafts", told.selection);
  const draft = device.draft(created.id, store);
  draft.adopt(created);
  return draft;
}

async function onServer(device: Device, draft: DraftClient, step: string): Promise<Answers> {
  const id = draft.id;
  const view = await device.api().send<DraftView>("GET", `/drafts/${id}`);
  return view.steps.find((one) => one.key === step)?.answers ?? {};
}

const scenarios: Record<string, () => Promise<Record<string, unknown>>> = {
  async a_token_that_is_over() {
    const device = new Device(first);
    const api = device.api();
    const answers = await Promise.all([api.send<{ items: unknown[] }>("GET", "/drafts"), api.send("GET", "/me"), api.send("GET", "/home")]);
    return { renewals: device.renewals, answers: answers.length };
  },

  async typed_offline_and_sent_later() {
    const device = new Device(first);
    const draft = await begun(device, new Storage());
    device.line.cut = true;
    draft.save("company", { entity_name: "甲" });
    await draft.resume();
    const offline = { stopped: [...device.stopped], pauses: [...device.pauses], pending: draft.pending() };
    draft.save("company", { entity_name: "乙", employees_count: 3 });
    draft.save("company", { employees_count: null, licence_copies: 2 });
    draft.save("investors", { shareholders: [{ _id: "r1", name: "丙" }] });
    device.line.cut = false;
    await draft.resume();
    return { offline, pending: draft.pending(), saves: device.saves().length, company: await onServer(device, draft, "company"), shown: draft.answers("company") };
  },

  async lost_answers_and_a_restart() {
    const device = new Device(first);
    const store = new Storage();
    const draft = await begun(device, store);
    device.line.loseAnswers = 3;
    draft.save("company", { entity_name: "甲" });
    await draft.resume();
    draft.save("company", { entity_name: "乙" });
    device.line.cut = true;
    await draft.resume();
    const killed = store.afterRestart();
    const again = device.draft(draft.id, killed);
    device.line.cut = false;
    const restored = again.answers("company");
    await again.load();
    await again.resume();
    const saves = device.saves();
    return {
      restored, pending: again.pending(), conflicts: device.conflicts.length, company: await onServer(device, again, "company"),
      same: saves.slice(0, -1).every((one) => JSON.stringify(one) === JSON.stringify(saves[0])), saves: saves.length,
    };
  },

  async told_to_wait() {
    const device = new Device(first);
    const draft = await begun(device, new Storage());
    const problem = { type: "urn:bff:problem:too_many_requests", status: 429, code: "too_many_requests", next: "wait" };
    device.line.instead = [
      { status: 429, headers: { "retry-after": "7" }, body: JSON.stringify(problem) },
      { status: 200, headers: {}, body: "<html>please sign in to this network</html>" },
    ];
    draft.save("company", { entity_name: "甲" });
    await draft.resume();
    device.line.instead = [{ status: 429, headers: { "retry-after": "3600" }, body: JSON.stringify(problem) }];
    draft.save("company", { entity_name: "乙" });
    await draft.resume();
    return { pauses: device.pauses, stopped: device.stopped, pending: draft.pending(), company: await onServer(device, draft, "company") };
  },

  async a_key_that_outlives_a_restart() {
    const device = new Device(first);
    const store = new Storage();
    device.line.loseAnswers = 3;
    const failed = await device.api().once(store, "new", "/drafts", told.selection).catch((error: unknown) => error instanceof LineDown);
    const later = store.afterRestart();
    const draft = await device.api().once<DraftView>(later, "new", "/drafts", told.selection);
    const keys = device.line.requests.map((one) => one.key);
    const next = await device.api().once<DraftView>(later, "new", "/drafts", told.selection);
    return { failed, keys: new Set(keys).size, another: next.id !== draft.id };
  },

  async two_devices_and_a_merge() {
    const one = new Device(first);
    const draft = await begun(one, new Storage());
    const two = new Device(second);
    const other = two.draft(draft.id, new Storage());
    await other.load();
    draft.save("investors", { shareholders: [{ _id: "r1", name: "甲" }, { _id: "r2", name: "乙" }] });
    draft.save("company", { entity_name: "甲", employees_count: 1 });
    await draft.resume();
    await other.load();
    draft.save("investors", { shareholders: [{ _id: "r1", name: "甲", contribution_wan: 1 }, { _id: "r2", name: "乙" }] });
    await draft.resume();
    other.save("investors", { shareholders: [{ _id: "r1", name: "丁" }, { _id: "r3", name: "丙" }] });
    other.save("company", { licence_copies: 2 });
    await other.resume();
    return { conflicts: two.conflicts.length, rows: other.answers("investors")["shareholders"], same: merge({}, other.answers("investors"), await onServer(one, draft, "investors"), () => undefined).conflicts };
  },

  async a_conflict_that_a_person_decides() {
    const one = new Device(first);
    const draft = await begun(one, new Storage());
    draft.save("company", { entity_name: "旧", employees_count: 1, licence_copies: 1 });
    await draft.resume();
    const two = new Device(second);
    const store = new Storage();
    const other = two.draft(draft.id, store);
    await other.load();
    draft.save("company", { entity_name: "甲", employees_count: 2, licence_copies: 5 });
    await draft.resume();
    other.save("company", { entity_name: "乙", employees_count: 3 });
    await other.resume();
    const waiting = { pending: other.pending(), shown: other.answers("company"), asked: two.conflicts.length };
    // Killed while the question stood; and while it is asked again, the person goes on typing.
    const again = two.draft(draft.id, store.afterRestart());
    two.choose = (conflicts) => {
      again.save("company", { registered_capital_wan: 10 });
      return Promise.resolve(conflicts.map((conflict) => (conflict.place === "/entity_name" ? "mine" : "theirs")));
    };
    await again.resume();
    const sent = (two.saves().at(-1) as { answers: Answers }).answers;
    return { waiting, sent, asked: two.conflicts.at(-1), pending: again.pending(), company: await onServer(one, draft, "company"), shown: again.answers("company") };
  },

  async typed_while_a_save_is_on_its_way() {
    const one = new Device(first);
    const draft = await begun(one, new Storage());
    const two = new Device(second);
    const other = two.draft(draft.id, new Storage());
    await other.load();
    let first_save = true;
    two.line.onRequest = async (request) => {
      if (request.method !== "PUT" || !first_save) return;
      first_save = false;
      draft.save("company", { employees_count: 7, licence_copies: 1 });
      await draft.resume();
      other.save("company", { employees_count: 8, entity_name: "新" });
    };
    two.choose = (conflicts) => Promise.resolve(conflicts.map(() => "mine"));
    other.save("company", { entity_name: "甲" });
    await other.resume();
    return { asked: two.conflicts, company: await onServer(one, draft, "company"), pending: other.pending() };
  },

  async refusals_that_stop_and_do_not_lose() {
    const device = new Device(first, true);
    const draft = await begun(device, new Storage());
    const id = draft.id;
    draft.save("company", { entity_name: "x".repeat(300_000) });
    await draft.resume();
    const refused = [...device.stopped];
    draft.save("company", { entity_name: "短" });
    await draft.resume();
    const company = await onServer(device, draft, "company");
    await device.api().send("DELETE", `/drafts/${id}`);
    draft.save("company", { entity_name: "后来" });
    await draft.resume();
    const prefer = device.line.requests[0]?.prefer;
    return { refused, company, stopped: device.stopped.at(-1), kept: draft.answers("company"), prefer };
  },

  async an_upload_that_is_cut() {
    const device = new Device(first);
    const store = new Storage();
    const draft = await begun(device, store);
    const id = draft.id;
    const bytes = readFileSync(told.file.path);
    const source = {
      ...told.file,
      read: (position: number, length: number) => Promise.resolve(new Uint8Array(bytes.subarray(position, position + length)).buffer),
    };
    let parts = 0;
    device.line.onRequest = async (request) => {
      if (request.method !== "PUT") return;
      parts += 1;
      // The second part arrives and its answer is lost; nothing after it arrives.
      if (parts === 2) device.line.loseAnswers = 1;
      if (parts > 2) throw new Error("cut");
    };
    const failed = await upload(device.api(), store, id, told.material, source).catch((error: unknown) => error instanceof LineDown);
    device.line.onRequest = null;
    const before = device.line.requests.length;
    const steps: number[] = [];
    const file = await upload(device.api(), store.afterRestart(), id, told.material, source, (sent) => steps.push(sent));
    const after = device.line.requests.slice(before).map((one) => `${one.method} ${one.path.replace(/[0-9a-f]{32}/, "ID")}`);
    const known = await upload(device.api(), new Storage(), id, told.material, source);
    return { failed, after, steps, size: file.size, known: known.id === file.id };
  },
};

for (const [name, run] of Object.entries(scenarios)) {
  let seen: Record<string, unknown>;
  try {
    seen = await run();
  } catch (error) {
    seen = { error: error instanceof Error ? error.stack : String(error) };
  }
  console.log(JSON.stringify({ scenario: name, ...seen }));
}
