/** Phones whose lines, storage and answers can be spoiled, and what the test told about the server. */

import { readFileSync } from "node:fs";

import { Api, DraftClient, Problem } from "../../docs/client/palm-drafts.ts";
import { fetchTransport } from "../../docs/client/palm-platforms.ts";
import type { ApiOptions, DraftEvents, DraftView, HttpRequest, HttpResponse, Store, Transport } from "../../docs/client/palm-drafts.ts";
import type { Answers, Conflict, Side } from "../../docs/client/palm-merge.ts";

export interface Phone { device: string; token: string; refresh: string }
export interface Told {
  base: string; phones: Phone[]; selection: Answers; material: string;
  file: { path: string; name: string; size: number; sha256: string };
}

export const told = JSON.parse(readFileSync(0, "utf8")) as Told;

/** What setStorage keeps when the app is killed; it can be full, and the kill can come in the middle of a write. */
export class Storage implements Store {
  readonly kept: Map<string, string>;
  full = false;
  /** Writes until the app is killed in the middle of one. */
  writesLeft = Infinity;
  constructor(kept: Iterable<[string, string]> = []) {
    this.kept = new Map(kept);
  }
  get(key: string): string | undefined {
    return this.kept.get(key);
  }
  set(key: string, value: string): void {
    if (this.full || this.killed) throw new Error("no room");
    this.writesLeft -= 1;
    this.kept.set(key, this.killed ? value.slice(0, value.length / 2) : value);
  }
  get killed(): boolean {
    return this.writesLeft <= 0;
  }
  afterRestart(): Storage {
    return new Storage(this.kept);
  }
}

/** A line that can be cut, and that can lose answers to requests that arrived. */
export class Line implements Transport {
  cut = false;
  loseAnswers = 0;
  /** Answers of somebody on the way, given instead of the server's. */
  instead: HttpResponse[] = [];
  requests: { method: string; path: string; body: unknown; key: string | undefined; prefer: string | undefined }[] = [];
  /** What it returns is the answer, instead of the server's. */
  onRequest: ((request: HttpRequest) => Promise<HttpResponse | void>) | null = null;
  onAnswer: ((request: HttpRequest) => Promise<void>) | null = null;
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
    const given = await this.onRequest?.(request);
    if (given) return given;
    const answer = await this.real.request(request);
    await this.onAnswer?.(request);
    if (this.loseAnswers > 0) {
      this.loseAnswers -= 1;
      throw new Error("answer lost");
    }
    return answer;
  }
}

export class Device {
  readonly line = new Line();
  readonly pauses: number[] = [];
  readonly stopped: string[] = [];
  readonly full: string[] = [];
  readonly conflicts: Conflict[][] = [];
  renewals = 0;
  /** Instead of the refresh at the server. */
  renewal: (() => Promise<void>) | null = null;
  choose: (conflicts: Conflict[]) => Promise<Side[] | null> = () => Promise.resolve(null);
  readonly phone: Phone;
  private readonly hidesErrors: boolean;
  private readonly transport: Transport;

  constructor(phone: Phone, hidesErrors = false, transport?: Transport) {
    this.phone = phone;
    this.hidesErrors = hidesErrors;
    this.transport = transport ?? this.line;
  }

  api(): Api {
    const options: ApiOptions = {
      base: told.base, transport: this.transport, headers: { "X-Device-Id": this.phone.device }, hidesErrors: this.hidesErrors,
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
      full: (step) => this.full.push(step),
    };
    return new DraftClient(this.api(), store, id, events);
  }

  saves(): unknown[] {
    return this.line.requests.filter((one) => one.method === "PUT").map((one) => one.body);
  }

  private async renew(): Promise<void> {
    this.renewals += 1;
    if (this.renewal !== null) return this.renewal();
    const answer = await fetch(`${told.base}/auth/refresh`, {
      method: "POST", headers: { "Content-Type": "application/json", "X-Device-Id": this.phone.device },
      body: JSON.stringify({ refresh_token: this.phone.refresh }),
    });
    const session = (await answer.json()) as { access_token: string; refresh_token: string };
    this.phone.token = session.access_token;
    this.phone.refresh = session.refresh_token;
  }
}

export const [first, second] = told.phones as [Phone, Phone];

export async function begun(device: Device, store: Storage): Promise<DraftClient> {
  const created = await device.api().once<DraftView>(store, `draft:${Math.random()}`, "/drafts", told.selection);
  const draft = device.draft(created.id, store);
  draft.adopt(created);
  return draft;
}

export async function onServer(device: Device, draft: DraftClient, step: string): Promise<Answers> {
  const id = draft.id;
  const view = await device.api().send<DraftView>("GET", `/drafts/${id}`);
  return view.steps.find((one) => one.key === step)?.answers ?? {};
}
