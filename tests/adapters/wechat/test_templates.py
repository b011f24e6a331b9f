import pytest

from adapters.wechat.keywords import type_of
from adapters.wechat.templates import load_templates, registered_templates


def test_the_templates_are_what_a_template_of_the_platform_can_be() -> None:
    templates = load_templates()
    assert templates.keys() == {"progress", "correction", "completion", "todo"}
    for key, template in templates.items():
        assert template.key == key
        assert template.title.zh
        assert template.title.en
        assert 2 <= len(template.keywords) <= 5
        assert all(type_of(keyword) for keyword in template.keywords)


def test_all_can_be_asked_for_in_one_tap() -> None:
    assert len({template.long_term for template in load_templates().values()}) == 1


def test_templates_are_found_by_the_accounts_own_ids() -> None:
    registered = registered_templates({"progress": "abc"})
    assert registered["abc"].key == "progress"


def test_an_id_for_a_template_that_we_do_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="no such template"):
        registered_templates({"invoice": "abc"})
