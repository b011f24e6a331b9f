/** Lines that break, restarts, two devices. */

import { readFileSync } from "node:fs";

import { LineDown } from "../../docs/client/palm-drafts.ts";
import { merge } from "../../docs/client/palm-merge.ts";
import { upload } from "../../docs/client/palm-uploads.ts";
import { Device, Storage, begun, first, onServer, second, told } from "./phones.ts";
import type { DraftView } from "../../docs/client/palm-drafts.ts";
import type { Answers } from "../../docs/client/palm-merge.ts";

export const scenarios: Record<string, () => Promise<Record<string, unknown>>> = {
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

  async a_conflict_in_one_row_of_a_table() {
    const one = new Device(first);
    const draft = await begun(one, new Storage());
    draft.save("investors", { shareholders: [{ _id: "r1", name: "甲" }, { _id: "r2", name: "乙" }, { _id: "r4", name: "己" }] });
    await draft.resume();
    const two = new Device(second);
    const other = two.draft(draft.id, new Storage());
    await other.load();
    draft.save("investors", { shareholders: [{ _id: "r1", name: "丁" }, { _id: "r2", percent: 40 }, { _id: "r3", name: "丙" }] });
    await draft.resume();
    two.choose = (conflicts) => Promise.resolve(conflicts.map(() => "mine"));
    other.save("investors", { shareholders: [{ _id: "r1", name: "戊" }, { _id: "r2", name: "庚" }, { _id: "r4" }] });
    await other.resume();
    return { asked: two.conflicts, pending: other.pending(), rows: (await onServer(one, draft, "investors"))["shareholders"] };
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
