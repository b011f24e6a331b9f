"""The people of the mock. All are invented; their ID numbers only have a right check digit."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from kit.secrets import IdNumber, PersonName, PhoneNumber
from kit.text import Text

FaceOutcome = Literal["pass", "fail"]


@dataclass(frozen=True, slots=True)
class Persona:
    key: str
    name: PersonName
    id_number: IdNumber
    phone: PhoneNumber
    story: str
    assurance_possible: str
    """The highest assurance this person can reach: ``real_person``, ``real_name`` or ``phone``."""
    level: str
    """The ``authLevel`` that 爱山东 gives this person."""


@dataclass(frozen=True, slots=True)
class MockCompany:
    """``roles``: a persona's key to 0 agent, 1 administrator, 2 legal person."""

    uscc: str
    name: str
    roles: Mapping[str, str]

    @property
    def head(self) -> str:
        """The key of its legal person."""
        return next(key for key, role in self.roles.items() if role == "2")


def _persona(
    key: str,
    name: str,
    id_number: str,
    phone: str,
    story: str,
    assurance: str = "real_person",
    level: str = "3",
) -> Persona:
    return Persona(
        key, PersonName(name), IdNumber(id_number), PhoneNumber(phone), story, assurance, level
    )


PERSONAS = {
    persona.key: persona
    for persona in (
        _persona("zhangsan", "张三", "370102199003071238", "13800000001", "独自创业，要开一家饭店"),
        _persona("lisi", "李四", "371402198806150047", "13800000002", "与人合伙的股东"),
        _persona("wangwu", "王五", "370103197909220014", "13800000003", "已有公司的法定代表人"),
        _persona(
            "zhaoliu",
            "赵六",
            "371402199501300029",
            "13800000004",
            "人脸核验总是不通过",
            "real_name",
            "2",
        ),
        _persona("sunqi", "孙七", "370102201205010011", "13800000005", "未成年人", "phone", "1"),
        _persona("zhoulao", "周老", "370102194803120031", "13800000006", "使用长辈模式的老人"),
    )
}

COMPANIES = (
    MockCompany("91370102MA3QAAA01U", "济南示例餐饮有限公司", {"wangwu": "2", "lisi": "0"}),
    MockCompany("91370103MA3QBBB022", "济南示例百货有限公司", {"zhoulao": "2", "wangwu": "1"}),
)
"""The first is the one of the samples when a draft was started for no company."""

REGISTERED_NAMES = (
    ("370102", ("济南", "示例", "餐饮", "有限公司"), "6210"),
    ("370103", ("济南", "示例", "百货", "有限公司"), "5211"),
    ("370102", ("济南", "泉客来", "餐饮管理", "有限公司"), "6210"),
    ("371402", ("德州", "扒味香", "食品", "有限公司"), "5229"),
)
"""What the library of names has besides: where, the parts of the name, the class of industry."""

COMPANY_ROLES: Mapping[str, Text] = {
    "0": Text("经办人", "Agent"),
    "1": Text("管理员", "Administrator"),
    "2": Text("法人", "Legal person"),
}


def companies_of(key: str) -> Iterator[tuple[MockCompany, str]]:
    """The companies in which the persona is something, with the code of the role."""
    for company in COMPANIES:
        role = company.roles.get(key)
        if role is not None:
            yield company, role
