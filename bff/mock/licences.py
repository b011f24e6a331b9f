"""What the licence register has about the personas' companies. All of it is invented."""

from adapters.licences.simulator import EnteredCompany, EnteredPerson
from bff.mock.personas import PERSONAS, MockCompany

_POSITIONS = {"2": "执行董事兼总经理", "1": "监事", "0": "联络员"}
_SHARES_WAN = {"2": 60.0, "1": 40.0}
_COUNTIES = {"370102": "历下区", "370103": "市中区"}


def entered(company: MockCompany) -> EnteredCompany:
    """The head first; who only acts for the company holds no share of it."""
    roles = sorted(company.roles.items(), key=lambda entry: entry[1], reverse=True)
    people = tuple(_person(key, role) for key, role in roles)
    county = company.uscc[2:8]
    total = sum(person.subscribed_wan for person in people)
    return EnteredCompany(
        uscc=company.uscc,
        name=company.name,
        people=people,
        domicile=f"山东省济南市{_COUNTIES[county]}示例街道示例路1号1层",
        town="示例街道",
        scope="许可项目：餐饮服务；食品销售。一般项目：餐饮管理；礼仪服务。（除依法须经批准的项目外，"
        "凭营业执照依法自主开展经营活动）",
        capital_wan=total,
        authority_region=county,
        authority=f"济南市{_COUNTIES[county]}行政审批服务局",
        type_text="有限责任公司(自然人独资)"
        if total == _SHARES_WAN["2"]
        else "有限责任公司(自然人投资或控股)",
    )


def _person(key: str, role: str) -> EnteredPerson:
    persona = PERSONAS[key]
    return EnteredPerson(
        persona.name.reveal(),
        persona.id_number.reveal(),
        _POSITIONS[role],
        _SHARES_WAN.get(role, 0.0),
    )
