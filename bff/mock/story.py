"""An entrepreneur's whole way, from the login to the last licence, as phones would go it: begun on
WeChat, gone on with in Alipay and 爱山东."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from bff.mock.caller import Phone, Surprise
from bff.mock.cosigning import let_everybody_sign
from bff.mock.display import Display
from bff.mock.signing_in import prove_identity, sign_in
from kit.ids import new_id

PERSONA = "zhangsan"
PARTNER = "lisi"
REGION = "370102"
THEME = "restaurant"
FINISHED = frozenset({"completed"})
SCANNED_WITHIN_S = 60
HOURS_MAX = 40 * 24
"""Longer than any promise of the theme; what is not finished by then is a surprise."""


@dataclass
class Story:
    """What is known so far; each chapter adds to it."""

    phone: Phone
    display: Display
    persona: dict[str, Any] = field(default_factory=dict)
    person_id: str = ""
    draft: dict[str, Any] = field(default_factory=dict)
    samples: dict[str, Any] = field(default_factory=dict)
    """Right answers, by step."""
    revision: int = 0
    application: dict[str, Any] = field(default_factory=dict)
    last_seq: int = 0
    events: list[dict[str, Any]] = field(default_factory=list)

    async def tell(self) -> None:
        for title, chapter in (
            ("登录", self.sign_in),
            ("人脸核验", self.prove_identity),
            ("查看能办什么", self.look_around),
            ("建立草稿", self.start_draft),
            ("逐步填写并保存", self.fill_in),
            ("换到支付宝接着填", self.go_on_in_alipay),
            ("换到爱山东填完", self.go_on_in_aishandong),
            ("上传材料", self.upload),
            ("股东签名", self.sign),
            ("订阅进度消息", self.subscribe),
            ("一次提交", self.submit),
            ("各部门办理", self.follow),
            ("消息与首页", self.read_messages),
        ):
            self.display.doing(title)
            detail = await chapter()
            self.display.done(title, detail)

    async def sign_in(self) -> str:
        personas = (await self.phone.mock("GET", "/personas")).body
        self.persona = next(one for one in personas if one["key"] == PERSONA)
        session, login = await sign_in(self.phone, PERSONA)
        await self.phone.api("POST", "/auth/login", json=login, expect=401)
        return f"用过的登录码被拒绝；身份级别 {session['person']['assurance']}"

    async def prove_identity(self) -> str:
        result = await prove_identity(self.phone, self.persona)
        _expect(result["state"] == "passed", f"the identity check is {result['state']}")
        me = await self.phone.api("GET", "/me")
        self.person_id = me["id"]
        _expect(me["assurance"] == "real_person", "the person is not a real person yet")
        return f"{me['display_name']} 已实人认证"

    async def look_around(self) -> str:
        where = f"operation=open&region={REGION}"
        themes = (await self.phone.api("GET", f"/catalogue/themes?{where}"))["items"]
        _expect(any(theme["key"] == THEME for theme in themes), "no restaurant among the themes")
        wanted = {"operation": "open", "region": REGION, "theme": THEME, "items": []}
        plan = await self.phone.api(
            "POST", "/catalogue/plan", json={**wanted, "mode": "joint", "answers": {}}
        )
        savings = plan["savings"]
        return (
            f"{len(plan['items'])} 个事项，填写 {savings['fields_joint']} 项"
            f"（分别办理 {savings['fields_apart']} 项），材料 {savings['materials_joint']} 份"
            f"（分别办理 {savings['materials_apart']} 份）"
        )

    async def start_draft(self) -> str:
        wanted = {
            "operation": "open",
            "region": REGION,
            "theme": THEME,
            "items": [],
            "mode": "joint",
        }
        key = new_id()
        draft = await self.phone.api("POST", "/drafts", json=wanted, key=key, expect=201)
        again = await self.phone.api("POST", "/drafts", json=wanted, key=key, expect=201)
        _expect(again["id"] == draft["id"], "a double tap made two drafts")
        _expect(again.headers.get("Idempotent-Replay") == "true", "a replay is not marked")
        self.draft, self.revision = draft.body, draft["revision"]
        return f"{len(self.draft['plan']['steps'])} 步；双击只得到一份草稿"

    async def fill_in(self) -> str:
        path = f"/drafts/{self.draft['id']}/sample-answers?partner={PARTNER}"
        samples = await self.phone.mock("GET", path)
        self.samples = samples["steps"]
        started_at, share = self.revision, self._share(0)
        told = await self._fill(self.phone, share)
        # A reply that was lost: the phone sends the same save again, on its old base.
        last = share[-1]
        repeated = await self._save(self.phone, last, started_at)
        _expect(repeated["revision"] == self.revision, "a repeated save made a new revision")
        return told

    async def go_on_in_alipay(self) -> str:
        return await self._go_on(self.phone.elsewhere("alipay"), self._share(1))

    async def go_on_in_aishandong(self) -> str:
        told = await self._go_on(self.phone.elsewhere("aishandong"), self._share(2))
        resumed = await self.phone.api("GET", f"/drafts/{self.draft['id']}")
        _expect(
            all(step["state"] == "complete" for step in resumed["steps"]),
            "the draft is not complete on the first phone",
        )
        self.draft = resumed.body
        return f"{told}；回到微信，草稿已填完"

    async def _go_on(self, phone: Phone, steps: list[str]) -> str:
        """The same person on another platform, with the same draft. On a mock that has seen the
        journey before, that account is known to be this person's."""
        session, _ = await sign_in(phone, PERSONA)
        told = "账号此前已归到本人"
        if session["person"]["id"] != self.person_id:
            await phone.api("GET", f"/drafts/{self.draft['id']}", expect=404)
            check = await prove_identity(phone, self.persona)
            _expect(check["state"] == "passed", f"the identity check is {check['state']}")
            told = "核验前看不到草稿，核验后归到同一人"
        me = await phone.api("GET", "/me")
        _expect(me["id"] == self.person_id, "the account was not joined to the person")
        found = await phone.api("GET", f"/drafts/{self.draft['id']}")
        _expect(found["revision"] == self.revision, "the draft is not as it was left")
        return f"{told}；{await self._fill(phone, steps)}"

    def _share(self, third: int) -> list[str]:
        """The keys of the steps that one platform fills in."""
        keys = [step["key"] for step in self.draft["plan"]["steps"]]
        size = -(-len(keys) // 3)
        return keys[third * size : (third + 1) * size]

    async def _fill(self, phone: Phone, steps: list[str]) -> str:
        progress = {"complete": 0, "total": 0}
        for step in steps:
            saved = await self._save(phone, step, self.revision)
            state = saved["step"]["state"]
            _expect(state == "complete", f"step {step} is {state}: {saved['step']['errors']}")
            self.revision, progress = saved["revision"], saved["progress"]
        return f"{progress['complete']}/{progress['total']} 步完成"

    async def _save(self, phone: Phone, step: str, base_revision: int) -> Any:
        return await phone.api(
            "PUT",
            f"/drafts/{self.draft['id']}/steps/{step}",
            json={"base_revision": base_revision, "answers": self.samples[step]},
        )

    async def upload(self) -> str:
        path = f"/drafts/{self.draft['id']}/sample-answers?partner={PARTNER}"
        samples = await self.phone.mock("GET", path)
        for code, url in samples["files"].items():
            content = await self.phone.fetch(url)
            form = aiohttp.FormData()
            form.add_field("file", content, filename=url.rsplit("/", 1)[-1])
            path = f"/drafts/{self.draft['id']}/materials/{code}"
            await self.phone.api("POST", path, data=form, expect=201)
        check = await self._scanned()
        _expect(not check["errors"], f"the draft is not right: {check.body}")
        _expect(not check["missing_materials"], f"a file is missing: {check.body}")
        _expect(check["ready"] is False, "what nobody has signed is ready")
        return f"{len(samples['files'])} 份材料"

    async def sign(self) -> str:
        told = await let_everybody_sign(self.phone, PERSONA, PARTNER, self.draft["id"])
        check = await self.phone.api("POST", f"/drafts/{self.draft['id']}/check")
        _expect(check["ready"] is True, f"the draft is not ready: {check.body}")
        return told

    async def _scanned(self) -> Any:
        """The draft's check, once no file waits for the scanner any more."""
        async with asyncio.timeout(SCANNED_WITHIN_S):
            while True:
                check = await self.phone.api("POST", f"/drafts/{self.draft['id']}/check")
                if all(error["code"] != "material_scanning" for error in check["errors"]):
                    return check
                await asyncio.sleep(0.1)

    async def subscribe(self) -> str:
        plan = await self.phone.api("GET", "/messages/consent-plan?moment=submit")
        answers = {template["template"]: "accept" for template in plan["templates"]}
        tap = {"platform": "wechat", "persona": PERSONA, "answers": answers}
        await self.phone.mock("POST", "/taps", json=tap)
        told = {"platform": "wechat", "answers": answers}
        await self.phone.api("POST", "/messages/consents", json=told)
        return "、".join(template["name"] for template in plan["templates"])

    async def submit(self) -> str:
        wanted = {
            "draft_id": self.draft["id"],
            "revision": self.revision,
            "declaration": True,
            "delivery": {"method": "window"},
        }
        key = new_id()
        first = await self.phone.api("POST", "/applications", json=wanted, key=key, expect=202)
        again = await self.phone.api("POST", "/applications", json=wanted, key=key, expect=202)
        _expect(again["id"] == first["id"], "submitting twice made two applications")
        self.application = first.body
        async with asyncio.timeout(20):
            await self._until_forwarded()
        return f"编号 {first['reference_no']}"

    async def _until_forwarded(self) -> None:
        while True:
            await self._news(timeout_s=5)
            states = {matter["state"] for matter in self.application["matters"]}
            if "submitted" not in states:
                break
        cases = (await self.phone.mock("GET", "/cases"))["items"]
        mine = [c for c in cases if c["reference_no"] == self.application["reference_no"]]
        _expect(len(mine) == 1, f"the province has {len(mine)} cases of one application")

    async def follow(self) -> str:
        """Hour by hour at first, where the promises are hours; then by working days."""
        begun = (await self.phone.mock("GET", "/clock"))["now"]
        for passed_h in range(HOURS_MAX):
            if all(matter["state"] in FINISHED for matter in self.application["matters"]):
                break
            step = {"seconds": 3600} if passed_h < 10 else {"workdays": 1}
            await self.phone.mock("POST", "/clock/advance", json=step)
            await self._news(timeout_s=0)
        unfinished = [m for m in self.application["matters"] if m["state"] not in FINISHED]
        _expect(not unfinished, f"not finished: {[(m['item'], m['state']) for m in unfinished]}")
        ended = (await self.phone.mock("GET", "/clock"))["now"]
        return f"模拟时间 {begun} 至 {ended}"

    async def _news(self, timeout_s: int) -> None:
        application = f"/applications/{self.application['id']}"
        path = f"{application}/wait?after={self.last_seq}&timeout_s={timeout_s}"
        news = (await self.phone.api("GET", path))["items"]
        for event in news:
            self.display.news(f"{event['at']}  {event['text']}")
        self.events += news
        if news:
            self.last_seq = news[-1]["seq"]
        self.application = (await self.phone.api("GET", application)).body

    async def read_messages(self) -> str:
        messages = (await self.phone.api("GET", "/messages"))["items"]
        pushes = (await self.phone.mock("GET", f"/pushes?persona={PERSONA}"))["items"]
        _expect(bool(messages), "the inbox is empty")
        _expect(bool(pushes), "the phone got no message")
        await self.phone.api("PUT", f"/messages/{messages[0]['id']}/read")
        home = await self.phone.api("GET", "/home")
        _expect(home["unread"] == len(messages) - 1 or len(messages) >= 20, "unread is wrong")
        numbers = [event["seq"] for event in self.events]
        _expect(numbers == sorted(set(numbers)), "events came twice or out of order")
        return f"站内消息 {len(messages)} 条，手机收到 {len(pushes)} 条"

    async def closing_tables(self) -> None:
        matters = [
            (
                matter["name"],
                matter["department"],
                matter["state_text"],
                matter["promised_at"] or "无承诺时限",
                "是" if matter["overdue"] else "否",
                (matter["result"] or {}).get("certificate_no", ""),
            )
            for matter in self.application["matters"]
        ]
        columns = ("事项", "部门", "状态", "承诺办结", "超时", "证照编号")
        self.display.table("办件", columns, matters)
        pushes = (await self.phone.mock("GET", f"/pushes?persona={PERSONA}"))["items"]
        rows = [(push["at"], push["template"], " · ".join(_values(push))) for push in pushes]
        self.display.table("手机收到的消息", ("时间", "模板", "内容"), rows)


def _values(push: dict[str, Any]) -> list[str]:
    """The texts of one push, whatever the platform's envelope is."""
    return [
        str(value.get("value", value)) if isinstance(value, dict) else str(value)
        for value in push["data"].values()
    ]


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Surprise(otherwise)
