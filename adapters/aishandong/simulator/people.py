"""The platform's register: people and companies, tickets and tokens, and what is told of them.

The ``retcode`` values of failures are made up: those of the real platform are not published.
"""

import hashlib
import secrets
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from adapters.aishandong.dialect import Service
from adapters.aishandong.port import CORPORATION, PERSON
from adapters.aishandong.simulator import scenarios
from adapters.far_service import Failure, UnknownPerson, whole
from adapters.far_side import FarSide

TICKET_LIFE_S = 300
TOKEN_LIFE_S = 30 * 24 * 3600
"""Tokens of the real platform are "long-lived"; how long is not published."""
COMPANIES_A_PAGE_MAX = 5
SWEPT_AFTER = 500

LEGAL_PERSON = "2"


class UnknownCompany(LookupError):
    """No such company, or the person is nothing in it."""


class Register:
    """Facts ``person``, ``company``, ``ticket``, ``token``."""

    def __init__(self, far_side: FarSide) -> None:
        self._far = far_side

    def register_person(self, key: str, name: str, id_number: str, phone: str, level: str) -> None:
        person = {"name": name, "id_number": id_number.upper(), "phone": phone, "level": level}
        self._far.put("person", key, person)

    def register_company(self, uscc: str, name: str, roles: Mapping[str, str]) -> None:
        for key in roles:
            self._person(key)
        self._far.put("company", uscc, {"name": name, "roles": dict(roles)})

    def issue_ticket(self, key: str, user_type: str, uscc: str | None) -> str:
        self._person(key)
        if user_type == CORPORATION:
            uscc = uscc or next(iter(self._companies_of(key)), "")
            if uscc not in self._companies_of(key):
                raise UnknownCompany(uscc)
        elif user_type != PERSON or uscc is not None:
            raise ValueError("1 is a person without a company, 2 a company")
        self._sweep()
        ticket = secrets.token_hex(24)
        until = self._now() + TICKET_LIFE_S
        self._far.put(
            "ticket",
            ticket,
            {"person": key, "user_type": user_type, "uscc": uscc, "until": until, "used": False},
        )
        return ticket

    def answer(self, service: Service, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """A result's ``data``; :class:`Failure`."""
        if failing := self._far.take(scenarios.RETCODE_FAILURE, service=service.value):
            raise Failure(str(failing.get("retcode", "999999")), "scenario: system error")
        if service is Service.TICKET:
            return self._token(str(parameters.get("ticket") or ""))
        holder = self._holder(service, str(parameters.get("token") or ""))
        answering: Callable[[], dict[str, Any]] = {
            Service.PERSON: lambda: self._shown_person(holder, PERSON, service),
            Service.CORPORATION: lambda: self._shown_corporation(holder),
            Service.COMPANIES: lambda: self._shown_companies(holder["person"], parameters),
        }[service]
        return answering()

    def _token(self, ticket: str) -> dict[str, Any]:
        found = self._far.get("ticket", ticket)
        if found is None:
            raise Failure("100101", "ticket does not exist")
        if found["used"]:
            raise Failure("100102", "ticket has been used")
        late = self._far.take(scenarios.TICKET_EXPIRED, service=Service.TICKET.value)
        if late or found["until"] <= self._now():
            raise Failure("100103", "ticket has expired")
        user_type, uscc = found["user_type"], found["uscc"]
        if self._far.take(scenarios.FOREIGN_USER_TYPE, service=Service.TICKET.value):
            user_type = PERSON if user_type == CORPORATION else CORPORATION
        token = secrets.token_hex(32)
        holder = {"person": found["person"], "user_type": user_type, "uscc": uscc}
        with self._far.together():
            self._far.put("ticket", ticket, found | {"used": True})
            self._far.put("token", token, holder | {"until": self._now() + TOKEN_LIFE_S})
        return {"token": token, "usertype": user_type}

    def _holder(self, service: Service, token: str) -> dict[str, Any]:
        if self._far.take(scenarios.TOKEN_INVALID, service=service.value):
            self._far.drop("token", token)
        holder = self._far.get("token", token)
        if holder is None or holder["until"] <= self._now():
            raise Failure("100201", "token is invalid")
        return holder

    def _shown_person(
        self, holder: Mapping[str, Any], user_type: str, service: Service
    ) -> dict[str, Any]:
        if holder["user_type"] != user_type:
            raise Failure("100202", "token is of another user type")
        key = str(holder["person"])
        person = self._person(key)
        shown = {
            "loginName": f"sd{_digest(key)[:10]}",
            "name": person["name"],
            "mobile": person["phone"],
            "certNo": person["id_number"],
            "uuid": self.user_id(key),
            "authLevel": person["level"],
        }
        if lowered := self._far.take(scenarios.LEVEL, service=service.value):
            shown["authLevel"] = str(lowered.get("level", "1"))
        if self._far.take(scenarios.NO_ID_NUMBER, service=service.value):
            del shown["certNo"], shown["mobile"]
        return shown

    def _shown_corporation(self, holder: Mapping[str, Any]) -> dict[str, Any]:
        service = Service.CORPORATION
        shown = self._shown_person(holder, CORPORATION, service)
        uscc = str(holder["uscc"])
        company = self._companies_of(holder["person"]).get(uscc)
        if company is None:
            raise Failure("100203", "user is nothing in this company")
        head = self._legal_person(company)
        return shown | {
            "corUserRole": self._role(company, holder["person"], service),
            "corporationName": company["name"],
            "creditCode": uscc,
            "corUserName": head["name"],
            "corUserCertNo": head["id_number"],
        }

    def _shown_companies(self, key: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        page, size = (whole(parameters.get(name)) for name in ("pageindex", "pagenum"))
        if page < 1 or size < 1:
            raise Failure("100302", "pageindex and pagenum begin at 1")
        size = min(size, COMPANIES_A_PAGE_MAX)
        companies = list(self._companies_of(key).items())
        lines = []
        for uscc, company in companies[(page - 1) * size : page * size]:
            head = self._legal_person(company)
            lines.append(
                {
                    "corname": company["name"],
                    "cornumber": uscc,
                    "corusername": head["name"],
                    "corusercardid": head["id_number"],
                    "corporationid": _digest(uscc)[:32],
                    "corrole": self._role(company, key, Service.COMPANIES),
                    "cortype": "1",
                }
            )
        return {"count": len(companies), "list": lines}

    def user_id(self, key: str) -> str:
        """The person's ``uuid``."""
        self._person(key)
        return str(uuid.UUID(_digest(key)[:32]))

    def _role(self, company: Mapping[str, Any], key: str, service: Service) -> str:
        strange = self._far.take(scenarios.UNKNOWN_ROLE, service=service.value)
        return "9" if strange else str(company["roles"][key])

    def _legal_person(self, company: Mapping[str, Any]) -> dict[str, Any]:
        heads = (key for key, role in company["roles"].items() if role == LEGAL_PERSON)
        head = next(heads, None)
        return self._person(head) if head else {"name": "", "id_number": ""}

    def _companies_of(self, key: str) -> dict[str, dict[str, Any]]:
        return {
            uscc: company for uscc, company in self._far.all("company") if key in company["roles"]
        }

    def _person(self, key: str) -> dict[str, Any]:
        person = self._far.get("person", key)
        if person is None:
            raise UnknownPerson(key)
        return person

    def _sweep(self) -> None:
        """What is past its time is forgotten now and then, so that the file stays small."""
        issued = (self._far.get("issued", "ticket") or {"tickets": 0})["tickets"] + 1
        self._far.put("issued", "ticket", {"tickets": issued})
        if issued % SWEPT_AFTER == 0:
            for kind in ("ticket", "token"):
                for value, found in self._far.all(kind):
                    if found["until"] + TICKET_LIFE_S < self._now():
                        self._far.drop(kind, value)

    def _now(self) -> float:
        return self._far.clock.now().timestamp()


def _digest(text: str) -> str:
    return hashlib.sha256(f"aishandong\0{text}".encode()).hexdigest()
