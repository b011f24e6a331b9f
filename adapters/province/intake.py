"""What the simulated province checks before it takes a filing, and what it keeps of one.

The refusals that the known peer words are used as they are; for the checks of our own, sentences of
the same kind.
"""

import re
from collections.abc import Mapping, Set
from datetime import datetime
from typing import Any

from kit.clock import CHINA, in_china

APPLICATION_EMPTY = "申请基本信息字段application为空！"
_SERIAL_NO = re.compile(r"[0-9a-f]{32}")
_SHANDONG_REGION = re.compile(r"37[0-9]{10}")
_APPLICATION_FIELDS = ("industryName", "industryCode", "regcode", "applyNo", "applyDate")
_RESOURCE_TYPES = frozenset({"ITEM", "PERMIT", "other"})


class NotTaken(Exception):
    """``args[0]`` is the text of the answer with state 300; ``code`` goes to the journal."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def read_filing(
    params: object, now: datetime, regions: Set[str] | None, items: Set[str] | None
) -> dict[str, Any]:
    """A new case. ``regions`` (six digits) and ``items`` are those served; None serves all."""
    whole = _object(params, "params")
    application = whole.get("application")
    if not isinstance(application, dict) or not application:
        raise NotTaken("application_empty", APPLICATION_EMPTY)
    for name in _APPLICATION_FIELDS:
        _text(application, name)
    if not _SERIAL_NO.fullmatch(_text(application, "serialNo")):
        raise NotTaken("serial_no", "业务流水号serialNo格式错误！")
    _check_date(application["applyDate"])
    _check_package(application, regions)
    common = _object(_object(whole.get("form"), "form").get("DC_YYYZ_DWJBXX"), "DC_YYYZ_DWJBXX")
    return {
        "serial_no": application["serialNo"],
        "reference_no": application["applyNo"],
        "regcode": application["regcode"],
        "operation": application.get("operation", "open"),
        # Extensions that a peer may ignore: looked at, never insisted on, and not kept.
        "has_applicant": isinstance(application.get("applicant"), dict),
        "has_company": isinstance(application.get("acting_for"), dict),
        "received_at": in_china(now),
        "entity_name": _text(common, "ENTNAME"),
        "credit_code": common.get("UNISCID") or "",
        "premises": common.get("OPLOC") or "",
        "items": _items(application.get("item"), items),
        "documents": _documents(_object(whole.get("material"), "material").get("material")),
        "news": 0,
    }


def _check_date(value: str) -> None:
    try:
        datetime.strptime(value, "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA)
    except ValueError as error:
        raise NotTaken("apply_date", "申请时间applyDate格式错误！") from error


def _check_package(application: Mapping[str, str], regions: Set[str] | None) -> None:
    """The package is found by region and industry; ``ZZLB`` marks the joint ones."""
    regcode, industry = application["regcode"], application["industryCode"]
    place = f"{regcode[:6]}==={industry}==={application['industryName']}"
    if not _SHANDONG_REGION.fullmatch(regcode):
        raise NotTaken("region", "行政区划regcode格式错误！")
    if "ZZLB" not in industry:
        raise NotTaken("not_joint", f"未查询到相关主题套餐！{place}")
    if regions is not None and regcode[:6] not in regions:
        raise NotTaken("region_not_served", f"该行业未配置相关主题套餐！{place}")


def _items(value: object, served: Set[str] | None) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for entry in _list(value, "item"):
        item = _object(entry, "item")
        code = _text(item, "itemCode")
        if served is not None and code not in served:
            raise NotTaken("item_not_served", "主题套餐中没有该事项！")
        if any(row["item"] == code for row in rows):
            raise NotTaken("item_twice", "事项重复！")
        row = {"item": code, "name": _text(item, "itemName"), "state": "received", "seq": 0}
        rows.append({**row, "withheld": item.get("sharing") is False})
    if not rows:
        raise NotTaken("no_items", "申请事项item为空！")
    return rows


def _documents(value: object) -> list[dict[str, Any]]:
    documents: list[dict[str, Any]] = []
    for entry in _list(value, "material"):
        material = _object(entry, "material")
        _text(material, "resourceName")
        if material.get("resourceType") not in _RESOURCE_TYPES:
            raise NotTaken("resource_type", "材料类型resourceType错误！")
        for file in _list(material.get("files"), "files"):
            document = _object(file, "files")
            for name in ("documentName", "submitTime", "fileType"):
                _text(document, name)
            documents.append(
                {
                    "id": _text(document, "documentId"),
                    "sha256": document.get("sha256") or "",
                    "state": "expected",
                }
            )
    return documents


def _object(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise NotTaken(f"{name}_empty", f"字段{name}为空！")
    return value


def _list(value: object, name: str) -> list[object]:
    if not isinstance(value, list):
        raise NotTaken(f"{name}_empty", f"字段{name}为空！")
    return value


def _text(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name)
    if not isinstance(value, str) or not value.strip():
        raise NotTaken(f"{name}_empty", f"字段{name}为空！")
    return value
