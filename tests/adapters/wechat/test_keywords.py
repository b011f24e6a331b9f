import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.wechat.keywords import TYPES, Unfit, fit, units
from adapters.wechat.simulator.keyword_rules import is_valid

CHOICES = frozenset({"通过", "不通过"})
PROSE = ("thing1", "const2")
NASTY = [
    "",
    "   ",
    "\n\r\t\u2028\u00a0\u3000",
    "\u200b\u200d\ufeff",
    "食" * 21,
    "字" * 17 + "   尾巴很长很长",
    "𠮷" * 12,
    "👨‍👩‍👧‍👦家庭",
    "行1\n行2",
    "e\u0301" * 30,
    "~" * 40,
    "15:01",
    "24:00",
    "2026年2月30日",
    "2026年2月28日 09:05~2026年3月1日 18:00",
    "2026年2月28日～2026年3月1日",
    "１２３",
    "٣٤٥",
    "-5",
    "￥12.50元",
    "+86-0766-66888866",
    "粤A8Z888挂",
    "审核通过！",
    "约翰 史密斯",
    "John Smith",
    "\ud800",
    "通过",
]
# Texts near what the types hold are worth more than texts from all of Unicode.
NEAR = st.text(
    st.sampled_from("0123456789年月日:~ .-+()￥元ABxyz审核通过挂·！?\n\u200b😀𠮷é"), max_size=60
)
TEXTS = st.one_of(st.text(max_size=60), NEAR, st.sampled_from(NASTY))


@pytest.mark.parametrize("kind", sorted(TYPES))
@given(value=TEXTS)
def test_whatever_is_let_out_passes_the_platforms_own_check(kind: str, value: str) -> None:
    try:
        sent = fit(f"{kind}1", value, CHOICES)
    except Unfit:
        return
    assert is_valid(f"{kind}1", sent, CHOICES)


@pytest.mark.parametrize("kind", sorted(TYPES))
@given(value=TEXTS)
def test_fitting_what_fits_already_changes_nothing(kind: str, value: str) -> None:
    try:
        sent = fit(f"{kind}1", value, CHOICES)
    except Unfit:
        return
    assert fit(f"{kind}1", sent, CHOICES) == sent


@pytest.mark.parametrize("kind", sorted(TYPES - {"thing", "const", "name"}))
def test_why_a_value_is_unfit_is_said_without_the_value(kind: str) -> None:
    with pytest.raises(Unfit) as unfit:
        fit(f"{kind}1", "370102号张三2019年", CHOICES)
    assert "370102" not in str(unfit.value)
    assert str(unfit.value).isascii()


@pytest.mark.parametrize("keyword", PROSE)
@given(value=st.text(st.characters(categories=("L", "N", "P")), min_size=1, max_size=200))
@example(value="食" * 200)
@example(value="\U0001d7d9")
def test_any_prose_that_shows_anything_is_sent(keyword: str, value: str) -> None:
    sent = fit(keyword, value)
    assert sent
    assert units(sent) <= 20


@pytest.mark.parametrize(
    ("keyword", "value", "sent"),
    [
        ("thing1", "二十个字以内的事项名称不用缩短", "二十个字以内的事项名称不用缩短"),
        ("thing1", "食" * 21, "食" * 17 + "..."),
        ("thing1", "第一行\n第二行", "第一行 第二行"),
        ("thing1", "办好了😀", "办好了"),
        ("phrase1", "审核通过!", "审核通过"),
        ("phrase1", "需要补正材料", "需要补正材"),
        ("name1", "约翰 史密斯", "约翰·史密斯"),
        ("name1", "李" * 11, "李" * 10),
        ("name1", "Alexander Hamilton Smith", "Alexander·Hamilton·S"),
        ("character_string1", "SD20261122ABCDEFGH", "SD20261122ABCDEFGH"),
        ("number1", "3", "3"),
        ("number1", "12.5", "12.5"),
        ("letter1", "ABC", "ABC"),
        ("symbol1", "+-*/=", "+-*/="),
        ("time1", "15:01", "15:01"),
        ("time1", "2019年1月1日 15:01~16:01", "2019年1月1日 15:01~16:01"),
        ("date1", "2019年10月1日", "2019年10月1日"),
        ("date1", "2019年10月1日 15:01", "2019年10月1日 15:01"),
        ("amount1", "￥100元", "￥100元"),
        ("phone_number1", "+86-0766-66888866", "+86-0766-66888866"),
        ("car_number1", "粤A8Z888挂", "粤A8Z888挂"),
        ("enum1", "通过", "通过"),
    ],
)  # fmt: skip
def test_a_value_is_cleaned_and_shortened_as_its_type_allows(
    keyword: str, value: str, sent: str
) -> None:
    assert fit(keyword, value, CHOICES) == sent


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("thing1", " \n "),
        ("phrase1", "OK"),
        ("phrase1", "还差3项"),
        ("phrase1", "！！"),
        ("name1", "123"),
        ("character_string1", "鲁A123"),
        ("character_string1", "A" * 33),
        ("character_string1", ""),
        ("number1", "三"),
        ("number1", "1" * 33),
        ("letter1", "A1"),
        ("symbol1", "a"),
        ("symbol1", "++++++"),
        ("time1", "2019年10月1日"),
        ("time1", "25:00"),
        ("date1", "15:01"),
        ("date1", "2026年2月30日"),
        ("date1", "2026-02-28"),
        ("date1", "2026年2月28日～2026年3月1日"),
        ("amount1", "一百元"),
        ("phone_number1", "打电话"),
        ("car_number1", "粤A8Z8888挂"),
        ("enum1", "也许"),
        ("mystery1", "值"),
        ("thing", "值"),
    ],
)
def test_a_fact_that_does_not_fit_is_never_bent(keyword: str, value: str) -> None:
    with pytest.raises(Unfit):
        fit(keyword, value, CHOICES)
