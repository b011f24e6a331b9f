"""The people of the mock. All are invented; their ID numbers only have a right check digit."""

from dataclasses import dataclass
from typing import Literal

from kit.secrets import IdNumber, PersonName, PhoneNumber

FaceOutcome = Literal["pass", "fail"]


@dataclass(frozen=True, slots=True)
class Persona:
    key: str
    name: PersonName
    id_number: IdNumber
    phone: PhoneNumber
    story: str
    assurance_possible: str
    """The highest assurance this person can reach: ``real_person``, or ``phone``."""


def _persona(
    key: str, name: str, id_number: str, phone: str, story: str, assurance: str = "real_person"
) -> Persona:
    return Persona(key, PersonName(name), IdNumber(id_number), PhoneNumber(phone), story, assurance)


PERSONAS = {
    persona.key: persona
    for persona in (
        _persona("zhangsan", "张三", "370102199003071238", "13800000001", "独自创业，要开一家饭店"),
        _persona("lisi", "李四", "371402198806150047", "13800000002", "与人合伙的股东"),
        _persona("wangwu", "王五", "370103197909220014", "13800000003", "已有公司的法定代表人"),
        _persona(
            "zhaoliu", "赵六", "371402199501300029", "13800000004", "人脸核验总是不通过", "phone"
        ),
        _persona("sunqi", "孙七", "370102201205010011", "13800000005", "未成年人", "phone"),
        _persona("zhoulao", "周老", "370102194803120031", "13800000006", "使用长辈模式的老人"),
    )
}
