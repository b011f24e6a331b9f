"use strict";

// Values come from whoever calls the mock: they reach the page as text only, never as markup.

const api = "/mock/api";
const acts = [["accept", "受理"], ["approve", "许可"], ["complete", "办结"], ["correct", "补正"], ["refuse", "不予受理"]];
const finished = new Set(["completed", "not_accepted", "rejected", "withdrawn", "voided"]);
const platforms = [["wechat", "微信"], ["alipay", "支付宝"], ["aishandong", "爱山东"]];
const peers = { wechat: "微信", alipay: "支付宝", aishandong: "爱山东", identity_register: "省身份库", licences: "营业执照数据", name_library: "企业名称库", e_signature: "电子签名", scanner: "病毒扫描", province: "省一窗通", bff: "本后端" };
const assurances = { real_person: "可实人认证", real_name: "只能实名", phone: "只能验证手机号" };
const methods = { wechat_face: "微信人脸", alipay_certify: "支付宝人脸" };
const outcomes = [["pass", "通过"], ["fail", "不通过"], ["cancel", "取消"]];
const signings = [["sign", "签署"], ["refuse", "拒签"]];
const flowOpened = new URLSearchParams(location.search).get("flowNo");
const linesMax = 40;
const byId = (id) => document.getElementById(id);
const shown = new Map();
const answered = new Map();
let people = {};
let fading;

async function ask(method, path, body) {
  const answer = await fetch(api + path, {
    method,
    headers: { "accept-language": "zh", ...(body && { "content-type": "application/json" }) },
    body: body && JSON.stringify(body),
  });
  const told = await answer.json();
  if (!answer.ok) throw new Error([told.title, told.detail].filter(Boolean).join("："));
  return told;
}

// Gone after a while, because it may lie over something.
function tell(text) {
  byId("told").textContent = text;
  clearTimeout(fading);
  fading = setTimeout(() => { byId("told").textContent = ""; }, 8000);
}

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter((child) => child !== undefined && child !== null));
  return element;
}

// `key` names the button over redrawing, so that the keyboard's place is kept.
function button(text, key, action) {
  const element = make("button", { type: "button", textContent: text });
  element.dataset.key = key;
  element.addEventListener("click", () => action().catch((error) => tell(error.message)));
  return element;
}

// Redraws only what has changed: whoever reads, selects or tabs through it is not disturbed.
function redraw(id, value, draw) {
  const written = JSON.stringify(value);
  if (shown.get(id) === written) return;
  shown.set(id, written);
  const place = byId(id);
  const key = place.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  place.replaceChildren(...draw(value));
  if (key) [...place.querySelectorAll("[data-key]")].find((one) => one.dataset.key === key)?.focus();
}

function rows(id, lists) {
  const heads = [...byId(id).closest("table").querySelectorAll("th")].map((head) => head.textContent);
  if (lists.length === 0) {
    const cell = make("td", { colSpan: heads.length, className: "none", textContent: byId(id).dataset.none });
    return [make("tr", {}, cell)];
  }
  return lists.map((list) => make("tr", {}, ...list.map((content, place) => {
    const cell = make("td", {}, content ?? "");
    cell.dataset.head = heads[place];
    return cell;
  })));
}

const inChina = new Intl.DateTimeFormat("zh-CN", {
  timeZone: "Asia/Shanghai", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});
const clockTime = (instant) => inChina.format(new Date(instant));

function credentials(persona) {
  const place = make("output", { className: "credential" });
  const give = (platform, more = {}) => async () => {
    const wanted = { platform, persona: persona.key, ...more };
    const { credential } = await ask("POST", "/codes", wanted);
    const body = JSON.stringify(more.kind === "phone" ? credential : { platform, credential });
    place.replaceChildren(make("code", { textContent: body }));
    if (navigator.clipboard) {
      place.append(button("复制", `copy ${persona.key}`, async () => {
        await navigator.clipboard.writeText(body);
        tell("已复制");
      }));
    }
    tell(`${persona.name}的凭证已给出`);
  };
  const key = (what) => `${what} ${persona.key}`;
  const logins = platforms.map(([platform, text]) => button(`${text}登录`, key(platform), give(platform)));
  const companies = persona.companies.map((company) => button(
    `爱山东法人登录：${company.name}（${company.role_text}）`, key(company.uscc),
    give("aishandong", { user_type: "2", uscc: company.uscc }),
  ));
  const phones = [["wechat", "微信"], ["alipay", "支付宝"]].map(([platform, text]) => button(
    `${text}手机号`, key(`${platform} phone`), give(platform, { kind: "phone" }),
  ));
  return [make("div", { className: "buttons" }, ...logins, ...companies, ...phones), place];
}

function card(persona) {
  const facts = [
    ["身份证号", make("code", { textContent: persona.id_number })],
    ["手机号", make("code", { textContent: persona.phone })],
    ["身份级别", assurances[persona.assurance_possible] ?? persona.assurance_possible],
    ...persona.companies.map((one) => [one.role_text, make("span", {}, one.name, " ", make("code", { textContent: one.uscc }))]),
  ];
  const list = make("dl", {}, ...facts.flatMap(([name, value]) => [make("dt", { textContent: name }), make("dd", {}, value)]));
  const title = make("h3", {}, persona.name, " ", make("code", { textContent: persona.key }));
  return make("article", {}, title, make("p", { textContent: persona.story }), list, ...credentials(persona));
}

function answers(dialog) {
  return make("span", {}, ...outcomes.map(([outcome, text]) => button(
    text, `${outcome} ${dialog.identity_check}`, async () => {
      await ask("POST", "/face", { identity_check: dialog.identity_check, persona: dialog.persona, outcome });
      answered.set(dialog.identity_check, text);
      const never = outcome === "pass" && dialog.persona === "zhaoliu" ? "（这个人物总是不通过）" : "";
      tell(`${people[dialog.persona] ?? dialog.persona}：人脸核验${text}${never}，请在小程序里查询结果`);
      await refresh();
    },
  )), answered.has(dialog.identity_check) ? `已选：${answered.get(dialog.identity_check)}` : "");
}

function signingPages(items) {
  return rows("pages", items.filter(({ flow }) => flowOpened === null || flow === flowOpened).map((one) => [
    people[one.persona] ?? one.persona, make("code", { textContent: one.signature_id }), clockTime(one.begun_at), signingAnswers(one),
  ]));
}

function signingAnswers({ signature_id: id, persona, flow }) {
  const given = answered.get(flow);
  if (given !== undefined) return `已选：${given}，等小程序查询`;
  return make("span", {}, ...signings.map(([outcome, text]) => button(text, `${outcome} ${id}`, async () => {
    await ask("POST", `/signatures/${encodeURIComponent(id)}`, { persona, outcome });
    answered.set(flow, text);
    tell(`${people[persona] ?? persona}：${text}，请在小程序里查询结果`);
    await refresh();
  })));
}

function terminalButton(terminal) {
  return button(`${terminal.name} 接手`, terminal.terminal, async () => {
    const code = byId("code").value.trim();
    if (!/^[0-9]{8}$/.test(code)) throw new Error("交接码是 8 位数字");
    const claimed = await ask("POST", `/terminals/${encodeURIComponent(terminal.terminal)}/handovers`, { code });
    byId("claimed").replaceChildren(make("code", { textContent: JSON.stringify(claimed) }));
    byId("code").value = "";
    tell(`${terminal.name}已接手`);
  });
}

function howMuch() {
  const times = Number(byId("times").value);
  if (!Number.isInteger(times) || times < 1) throw new Error("次数是正整数");
  const written = byId("how").value.trim();
  if (!written) return { times };
  let then;
  try {
    then = JSON.parse(written);
  } catch {
    throw new Error("附加设置不是 JSON");
  }
  return { times, then };
}

function scenarioSwitch(scenario, armed) {
  const box = make("input", { type: "checkbox", checked: armed !== undefined });
  box.setAttribute("role", "switch");
  box.dataset.key = scenario.name;
  box.addEventListener("change", async () => {
    const path = `/scenarios/${encodeURIComponent(scenario.name)}`;
    try {
      await (box.checked ? ask("PUT", path, howMuch()) : ask("DELETE", path));
      tell(`${scenario.name}：${box.checked ? "已打开" : "已关闭"}`);
      await refreshScenarios();
    } catch (error) {
      box.checked = !box.checked;
      tell(error.message);
    }
  });
  const left = armed && make("strong", { textContent: `剩 ${armed.times} 次` });
  return make("li", {}, make("label", {}, box, make("span", {}, scenario.text, " ", make("code", { textContent: scenario.name }), " ", left)));
}

async function refreshScenarios() {
  const { items, available } = await ask("GET", "/scenarios");
  const wanted = byId("wanted").value.trim().toLowerCase();
  const found = available.filter((one) => `${one.name} ${one.text}`.toLowerCase().includes(wanted));
  const armed = new Map(items.map((one) => [one.name, one]));
  const open = new Set([...byId("scenarios").querySelectorAll("details[open]")].map((one) => one.dataset.peer));
  redraw("scenarios", [items, found], () => [...new Set(found.map((one) => one.peer))].map((peer) => {
    const own = found.filter((one) => one.peer === peer);
    const on = own.filter((one) => armed.has(one.name)).length;
    const summary = make("summary", { textContent: `${peers[peer] ?? peer}（${own.length}${on ? `，已打开 ${on}` : ""}）` });
    summary.dataset.key = `summary ${peer}`;
    const list = make("ul", {}, ...own.map((one) => scenarioSwitch(one, armed.get(one.name))));
    const group = make("details", { open: open.has(peer) || wanted !== "" }, summary, list);
    group.dataset.peer = peer;
    return group;
  }));
}

function departments(upstreamNo, { item, state }) {
  if (finished.has(state)) return "";
  return make("span", {}, ...acts.map(([action, text]) => button(text, `${action} ${item} ${upstreamNo}`, async () => {
    await ask("POST", `/cases/${encodeURIComponent(upstreamNo)}/act`, { item, action });
    tell(`${item}：${text}`);
    await refresh();
  })));
}

async function refresh() {
  const [clock, dialogs, pages, cases, pushes, requests] = await Promise.all([
    ask("GET", "/clock"), ask("GET", "/face"), ask("GET", "/signatures"), ask("GET", "/cases"), ask("GET", "/pushes"), ask("GET", `/requests?limit=${linesMax}`),
    refreshScenarios(),
  ]);
  byId("now").textContent = clock.now;
  byId("ahead").textContent = clock.ahead_s ? `（比真实时间快 ${(clock.ahead_s / 3600).toFixed(1)} 小时）` : "";
  redraw("dialogs", [dialogs.items, [...answered]], ([items]) => rows("dialogs", items.map((one) => [
    people[one.persona] ?? one.persona, methods[one.method] ?? one.method, clockTime(one.begun_at), answers(one),
  ])));
  redraw("pages", [pages.items, [...answered]], ([items]) => signingPages(items));
  redraw("cases", cases.items, (items) => rows("cases", items.flatMap((one) => one.items.map((matter) => [
    one.reference_no, matter.item, matter.state, departments(one.upstream_no, matter),
  ]))));
  redraw("pushes", pushes.items.slice(-linesMax).reverse(), (items) => rows("pushes", items.map((one) => [
    clockTime(one.at), people[one.persona] ?? one.persona, one.title, Object.values(one.data).join(" · "),
  ])));
  redraw("requests", requests.items, (items) => rows("requests", items.map((one) => [
    clockTime(one.at), peers[one.peer] ?? one.peer, one.direction === "inbound" ? "收到" : "发出", one.what, String(one.status), one.refused,
  ])));
}

async function move(how) {
  tell("正在拨快…");
  const moved = await ask("POST", "/clock/advance", how);
  tell(`到了 ${moved.now}，途中发生 ${moved.stops} 件事`);
  await refresh();
}

// Opened by the mini-program's web-view, as the e-signature service's page: nothing else is shown.
function onlySigning() {
  for (const section of document.querySelectorAll("main > section")) section.hidden = !section.contains(byId("pages"));
  document.querySelector("nav").replaceChildren(make("a", { href: "/mock/", textContent: "回到控制台" }));
}

async function start() {
  if (flowOpened !== null) onlySigning();
  const personas = await ask("GET", "/personas");
  people = Object.fromEntries(personas.map((one) => [one.key, one.name]));
  byId("people").replaceChildren(...personas.map(card));
  byId("terminals").replaceChildren(...(await ask("GET", "/terminals")).map(terminalButton));
  for (const element of document.querySelectorAll("[data-move]")) {
    element.addEventListener("click", () => move(JSON.parse(element.dataset.move)).catch((error) => tell(error.message)));
  }
  byId("wanted").addEventListener("input", () => refreshScenarios().catch((error) => tell(error.message)));
  await refresh();
  setInterval(() => refresh().catch((error) => tell(error.message)), 3000);
}

start().catch((error) => tell(error.message));
