"""The tables in docs/joint-form.md are what the data say."""

from bff import savings


def test_the_page_has_the_tables_of_the_shipped_data():
    assert savings.write(check=True) == 0


def test_what_stands_between_the_marks_is_replaced_and_nothing_else():
    page = savings.PAGE.read_text("utf-8")
    replaced = savings.with_tables(page, "other tables")
    assert replaced != page
    assert savings.with_tables(replaced, "other tables") == replaced
    assert replaced.partition("<!--")[0] == page.partition("<!--")[0]
    assert replaced.rpartition("-->")[2] == page.rpartition("-->")[2]
