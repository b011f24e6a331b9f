"""Taking names apart, and what is wrong with them: each rule kept by one name and broken by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniprogram_api.catalogue.name_facts import IN_CODE
from miniprogram_api.catalogue.names import Company, NameBook
from miniprogram_api.catalogue.service import CatalogueService
from tests.miniprogram_api.catalogue.spoiling import faults, replace

COMPANY = Company("370102", "limited", "6210")
RIGHT = "济南鑫源餐饮有限公司"


@pytest.fixture(scope="module")
def book(service: CatalogueService) -> NameBook:
    return service.serving.names


def codes(book: NameBook, name: str, company: Company = COMPANY) -> set[str]:
    return {problem.code for problem in book.problems(book.parts_of(name, company), company)}


FIRST, AFTER_TRADE, AFTER_INDUSTRY = (
    "region_first", "region_after_trade", "region_after_industry",
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "parts", "order"),
    [
        (RIGHT, "济南|370100|鑫源|餐饮|有限公司", FIRST),
        ("济南市鑫源餐饮有限公司", "济南市|370100|鑫源|餐饮|有限公司", FIRST),
        (
            "山东省济南市历下区鑫源餐饮管理有限责任公司",
            "山东省济南市历下区|370102|鑫源|餐饮管理|有限责任公司",
            FIRST,
        ),
        ("济南历下鑫源饭店有限公司", "济南历下|370102|鑫源|饭店|有限公司", FIRST),
        # What would leave no trade word is the trade word.
        ("济南历下餐饮有限公司", "济南|370100|历下|餐饮|有限公司", FIRST),
        ("山东鲁味斋食品科技有限公司", "山东|370000|鲁味斋|食品科技|有限公司", FIRST),
        ("济南高新区鑫源科技有限公司", "济南高新区|370100|鑫源|科技|有限公司", FIRST),
        ("鑫源（济南）餐饮有限公司", "济南|370100|鑫源|餐饮|有限公司", AFTER_TRADE),
        ("鑫源餐饮(济南)有限公司", "济南|370100|鑫源|餐饮|有限公司", AFTER_INDUSTRY),
        (
            "济南鑫源会展服务合伙企业（有限合伙）",
            "济南|370100|鑫源|会展服务|合伙企业（有限合伙）",
            FIRST,
        ),
        # Several words for trades, one after the other.
        ("济南鑫源餐饮文化传播有限公司", "济南|370100|鑫源|餐饮文化传播|有限公司", FIRST),
        ("济南餐饮有限公司", "济南|370100||餐饮|有限公司", FIRST),
        ("鑫源", "||鑫源||", FIRST),
        ("", "||||", FIRST),
    ],
)
def test_a_whole_name_is_taken_apart(book: NameBook, name: str, parts: str, order: str) -> None:
    found = book.parts_of(name, COMPANY)
    told = (found.region, found.region_code, found.trade, found.industry, found.form)
    assert ("|".join(told), found.order) == (parts, order)


def test_a_short_county_is_a_region_only_for_who_is_there(book: NameBook) -> None:
    name = "阳信达利餐饮有限公司"
    assert book.parts_of(name, COMPANY).trade == "阳信达利"
    there = book.parts_of(name, Company("371622"))
    assert (there.region, there.trade) == ("阳信", "达利")


def test_a_county_of_one_character_is_never_shortened(book: NameBook) -> None:
    there = Company("371721")
    assert book.parts_of("曹县鑫源餐饮有限公司", there).region == "曹县"
    assert book.parts_of("曹鑫源餐饮有限公司", there).region == ""


@pytest.mark.parametrize("order", [FIRST, AFTER_TRADE, AFTER_INDUSTRY])
def test_parts_are_joined_in_each_permitted_order(book: NameBook, order: str) -> None:
    joined = book.joined("济南", "鑫源", "餐饮", "有限公司", order)  # type: ignore[arg-type]
    assert book.parts_of(joined.full, COMPANY) == joined
    assert book.problems(joined, COMPANY) == []


KEPT_AND_BROKEN: dict[str, tuple[str, str]] = {
    "characters": (RIGHT, "济南KFC餐饮有限公司"),
    "characters_uncommon": (RIGHT, "济南鑫龍餐饮有限公司"),
    "length": (RIGHT, "济南" + "鑫源" * 9 + "餐饮" * 14 + "有限公司"),
    "region_missing": (RIGHT, "鑫源餐饮有限公司"),
    "region_elsewhere": ("山东鑫源餐饮有限公司", "青岛鑫源餐饮有限公司"),
    "region_district_alone": ("济南市历下区鑫源餐饮有限公司", "历下区鑫源餐饮有限公司"),
    "region_zone_alone": ("济南高新区鑫源餐饮有限公司", "高新区鑫源餐饮有限公司"),
    "region_position": ("鑫源（济南）餐饮有限公司", "鑫源济南市餐饮有限公司"),
    "trade_missing": (RIGHT, "济南餐饮有限公司"),
    "trade_short": (RIGHT, "济南鑫餐饮有限公司"),
    "trade_long": (RIGHT, "济南" + "鑫源" * 11 + "餐饮有限公司"),
    "trade_is_region": (RIGHT, "济南青岛市餐饮有限公司"),
    "trade_may_be_region": (RIGHT, "济南青岛餐饮有限公司"),
    "trade_is_industry": (RIGHT, "济南美容餐饮有限公司"),
    "industry_missing": (RIGHT, "济南鑫源有限公司"),
    "industry_other": (RIGHT, "济南鑫源广告有限公司"),
    "form_missing": (RIGHT, "济南鑫源餐饮"),
    "form_other": ("济南鑫源餐饮有限责任公司", "济南鑫源餐饮股份有限公司"),
    "form_twice": (RIGHT, "济南鑫源有限公司餐饮有限公司"),
    "group_word": (RIGHT, "济南鑫源餐饮（集团）有限公司"),
    "state_word_in_front": (RIGHT, "中国鑫源餐饮有限公司"),
    "state_word_inside": (RIGHT, "济南鑫源中华餐饮有限公司"),
    "china_in_brackets": (RIGHT, "鑫源（中国）餐饮有限公司"),
    "party_or_state_body": ("济南城市委屈餐饮有限公司", "济南解放军餐饮有限公司"),
    "foreign_state": ("济南今日本味餐饮有限公司", "济南小日本味餐饮有限公司"),
    "indecent": ("济南禁毒品牌文化传播有限公司", "济南好运赌场餐饮有限公司"),
    "discriminating": (RIGHT, "济南蛮夷餐饮有限公司"),
    "against_dignity": (RIGHT, "济南法西斯餐饮有限公司"),
    "misleading": (RIGHT, "济南最佳餐饮有限公司"),
    "title_word": ("济南将军红餐饮有限公司", "济南将军餐饮有限公司"),
    "approval_first": (RIGHT, "济南鑫源典当有限公司"),
}


def test_every_rule_has_a_name_that_keeps_it_and_one_that_breaks_it(book: NameBook) -> None:
    assert set(KEPT_AND_BROKEN) == set(book.facts.rules)


@pytest.mark.parametrize("rule", KEPT_AND_BROKEN)
def test_a_rule_lets_pass_and_finds(book: NameBook, rule: str) -> None:
    kept, broken = KEPT_AND_BROKEN[rule]
    assert rule not in codes(book, kept)
    assert rule in codes(book, broken)


def test_a_right_name_has_no_problem(book: NameBook) -> None:
    assert codes(book, RIGHT) == set()


@pytest.mark.parametrize("name", ["济南惠人大药房有限公司", "济南市中区鑫源餐饮有限公司"])
def test_harmless_words_are_not_found(book: NameBook, name: str) -> None:
    """人大 across trade word and industry, 市中区 after its city."""
    found = codes(book, name, Company("370103", "limited", ""))
    assert found == set()


def test_a_form_is_only_compared_with_a_kind_of_company_that_is_known(book: NameBook) -> None:
    name = "济南鑫源餐饮股份有限公司"
    assert "form_other" not in codes(book, name, Company("370102"))
    assert "form_other" not in codes(book, name, Company("370102", "joint_stock"))
    assert "form_other" not in codes(book, name, Company("370102", "something_new"))


def test_the_worst_comes_first_and_nothing_typed_is_repeated(book: NameBook) -> None:
    name = "中国特供KTV"
    problems = book.problems(book.parts_of(name, COMPANY), COMPANY)
    severities = [problem.severity for problem in problems]
    assert severities == sorted(severities, key=["refused", "approval", "advice"].index)
    assert {"refused", "advice"} <= set(severities)
    for problem in problems:
        assert "KTV" not in problem.message.zh + problem.message.en
        assert problem.source
        assert problem.message.zh != problem.message.en


def test_a_guess_is_never_an_official_refusal(book: NameBook) -> None:
    for rule in book.facts.rules.values():
        assert rule.confidence != "low" or rule.severity == "advice"


def test_other_trade_words_are_neither_the_same_nor_inside(book: NameBook) -> None:
    for trade in ("鑫源", "鲁味斋", "鑫和"):
        others = list(book.other_trade_words(trade))
        assert len(others) >= 8
        for other in others:
            assert other != trade
            assert trade not in other
            assert other not in trade
            assert len(other) >= 2


def test_a_name_keeps_its_order_with_another_trade_word(book: NameBook) -> None:
    parts = book.parts_of("鑫源（济南）餐饮有限公司", COMPANY)
    assert book.with_trade(parts, "鑫泰").full == "鑫泰（济南）餐饮有限公司"


CHARACTERS = st.text("济南市历下区山东鑫源餐饮科技集团有限公司（）()ＡA1 龍中国", max_size=60)


@given(name=CHARACTERS)
def test_no_name_is_too_strange_and_nothing_of_it_is_lost(service, name: str) -> None:
    book = service.serving.names
    parts = book.parts_of(name, COMPANY)
    assert len(parts.region + parts.trade + parts.industry + parts.form) <= len(parts.full)
    found = book.problems(parts, COMPANY)
    assert len({problem.code for problem in found}) == len(found)
    assert book.parts_of(parts.full, COMPANY) == parts


@given(
    trade=st.text("鑫源泰和润诚福海", min_size=2, max_size=6),
    industry=st.sampled_from(["餐饮", "餐饮管理", "饭店", "快餐"]),
    region=st.sampled_from(["济南", "济南市", "山东", "山东省", "济南市历下区", "济南历下区"]),
    form=st.sampled_from(["有限公司", "有限责任公司"]),
)
def test_a_name_made_of_right_parts_is_right_and_comes_apart_again(
    service, trade: str, industry: str, region: str, form: str
) -> None:
    book = service.serving.names
    joined = book.joined(region, trade, industry, form)
    assert book.parts_of(joined.full, COMPANY) == joined
    assert book.problems(joined, COMPANY) == []


class TestLoading:
    def test_a_rule_that_the_code_looks_for_must_be_there(self, folder) -> None:
        replace(folder, "names/rules.yaml", "trade_short:", "trade_tiny:")
        told = [str(fault) for fault in faults(folder)]
        assert any("`trade_short` is missing" in fault for fault in told)
        assert any("trade_tiny: no words for this rule" in fault for fault in told)

    def test_a_guess_must_not_refuse(self, folder) -> None:
        right = "severity: advice, source: 企业名称登记管理规定 第5条；"
        replace(folder, "names/rules.yaml", right, right.replace("advice", "refused"))
        assert any("only ever advises" in str(fault) for fault in faults(folder))

    def test_words_belong_to_a_rule(self, folder) -> None:
        replace(folder, "names/words.yaml", "rule: title_word", "rule: titles")
        told = [str(fault) for fault in faults(folder)]
        assert any("no such rule of words" in fault for fault in told)

    def test_all_rules_of_the_code_are_rules(self, book: NameBook) -> None:
        assert set(book.facts.rules) >= IN_CODE
