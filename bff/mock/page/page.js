"use strict";

const api = "/mock/api";
const acts = [["accept", "受理"], ["approve", "许可"], ["complete", "办结"], ["correct", "补正"], ["refuse", "不予受理"]];
const finished = new Set(["completed", "not_accepted", "rejected", "withdrawn", "voided"]);
const byId = (id) => document.getElementById(id);

async function ask(method, path, body) {
  const answer = await fetch(api + path, {
    method,
    headers: body ? { "content-type": "application/json" } : {},
    body: body && JSON.stringify(body),
  });
  const document_ = await answer.json();
  if (!answer.ok) throw new Error([document_.title, document_.detail].filter(Boolean).join("："));
  return document_;
}

function tell(text) {
  byId("told").textContent = text;
}

function cell(content) {
  const td = document.createElement("td");
  td.append(content ?? "");
  return td;
}

function button(text, action) {
  const element = document.createElement("button");
  element.textContent = text;
  element.addEventListener("click", () => action().catch((error) => tell(error.message)));
  return element;
}

function fill(id, rows) {
  byId(id).replaceChildren(...rows.map((cells) => {
    const tr = document.createElement("tr");
    tr.append(...cells.map(cell));
    return tr;
  }));
}

function loginCode(persona) {
  const place = document.createElement("span");
  place.append(button("发一个", async () => {
    const { credential } = await ask("POST", "/codes", { platform: "wechat", persona });
    const code = document.createElement("code");
    code.textContent = credential.code;
    place.replaceChildren(code);
  }));
  return place;
}

function actions(upstreamNo, { item, state }) {
  const place = document.createElement("span");
  if (finished.has(state)) return place;
  for (const [action, text] of acts) {
    place.append(button(text, async () => {
      await ask("POST", `/cases/${upstreamNo}/act`, { item, action });
      tell(`${item}：${text}`);
      await refresh();
    }));
  }
  return place;
}

async function refresh() {
  const [clock, cases, pushes, requests] = await Promise.all([
    ask("GET", "/clock"), ask("GET", "/cases"), ask("GET", "/pushes"), ask("GET", "/requests?limit=60"),
  ]);
  byId("now").textContent = clock.now;
  byId("ahead").textContent = clock.ahead_s ? `（比真实时间快 ${(clock.ahead_s / 3600).toFixed(1)} 小时）` : "";
  fill("cases", cases.items.flatMap((one) => one.items.map((matter, place) => [
    place ? "" : one.reference_no, matter.item, matter.state, actions(one.upstream_no, matter),
  ])));
  fill("pushes", pushes.items.toReversed().map((one) => [
    one.at, one.persona, one.title, Object.values(one.data).join(" · "),
  ]));
  fill("requests", requests.items.map((one) => [
    one.at.slice(11, 19), one.peer, one.direction === "inbound" ? "收到" : "发出", one.what, String(one.status), one.refused,
  ]));
}

async function start() {
  const personas = await ask("GET", "/personas");
  fill("people", personas.map((one) => [one.key, one.name, one.id_number, one.story, loginCode(one.key)]));
  for (const element of document.querySelectorAll("[data-move]")) {
    element.addEventListener("click", async () => {
      tell("正在拨快…");
      try {
        const moved = await ask("POST", "/clock/advance", JSON.parse(element.dataset.move));
        tell(`到了 ${moved.now}，途中发生 ${moved.stops} 件事`);
        await refresh();
      } catch (error) {
        tell(error.message);
      }
    });
  }
  await refresh();
  setInterval(() => refresh().catch((error) => tell(error.message)), 3000);
}

start().catch((error) => tell(error.message));
