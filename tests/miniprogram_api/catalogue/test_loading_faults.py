"""One spoiled place of each kind: the loader names the file, the place and the rule."""

import pytest

from tests.miniprogram_api.catalogue.spoiling import faults, replace

COMPANY, PERMITS = "fields/company.yaml", "fields/permits.yaml"
SMALL = "items/food/small_catering_registration.yaml"
FOOD, SEAL = "items/food/food_operation.yaml", "items/setup/seal.yaml"

BROKEN = [
    (COMPANY, "type: credit_code", "type: credit", "credit_code.type", "Invalid enum value"),
    (
        COMPANY,
        "ENTNAME ≤50, confidence: high",
        "ENTNAME ≤50, confidence: sure",
        "entity_name.confidence",
        "Invalid enum value",
    ),
    (COMPANY, "label: 企业类型", "lable: 企业类型", "company_type", "unknown field `lable`"),
    (
        COMPANY,
        "  source: 公司法; 山东网上登记2017表单 ENTTYPE\n",
        "",
        "company_type",
        "missing required field `source`",
    ),
    (COMPANY, "default: '99'", "default: '98'", "affiliation.default", "is not among the options"),
    (COMPANY, "lookup: industries,", "", "industry_code", "needs `lookup`"),
    (
        COMPANY,
        "pattern: '^[0-9]{6}$'",
        "pattern: '['",
        "postal_code.pattern",
        "is not a regular expression",
    ),
    (
        COMPANY,
        "twins: [unit_address",
        "twins: [shareholders",
        "domicile.twins",
        "is a field of its own",
    ),
    (
        COMPANY,
        "twins: [unit_address",
        "twins: [unit_name",
        "domicile.twins",
        "is a twin of `entity_name`",
    ),
    (COMPANY, "setup_method:", "entity_name:", "", "written twice"),
    (PERMITS, "food_items:", "entity_name:", "entity_name", "is in fields/company.yaml already"),
    (
        PERMITS,
        "    location: {label",
        "    Location: {label",
        "food_vending_machines.columns.Location",
        "lower-case",
    ),
    (FOOD, "code: food_operation", "code: food", "code", "the file has another name"),
    (
        SMALL,
        "excludes: [food_operation]",
        "excludes: [food]",
        "operations.open.excludes",
        "no such item: `food`",
    ),
    (
        "themes.yaml",
        "not: {field: premises_area_m2, at_least: 50}",
        "not: {field: premises_area_m2, at_least: 60}",
        "small_catering.items",
        "`small_catering_registration` and `food_operation` may both be defaults",
    ),
    (
        FOOD,
        "[warehouse_address,",
        "[food_warehouse,",
        "operations.open.fields",
        "no such code: `food_warehouse`",
    ),
    (
        FOOD,
        "[warehouse_address,",
        "[food_items,",
        "operations.open.fields",
        "`food_items` is named twice",
    ),
    (
        FOOD,
        "depends_on: [business_licence]",
        "depends_on: [licence]",
        "operations.open.depends_on",
        "no such item",
    ),
    (
        FOOD,
        "field: food_vending, equals",
        "field: free_seal, equals",
        "operations.open.fields.conditional.1",
        "is not asked by this item",
    ),
    (
        FOOD,
        "when: {field: food_vending, equals: true}",
        "when: {field: food_vending}",
        "operations.open.fields.conditional.1.when",
        "exactly one test",
    ),
    (FOOD, "amount: 10", "amount: 0", "operations.open.clock.statutory.amount", ">= 1"),
    (
        SEAL,
        "field: seal_types, contains: official",
        "field: electronic_seal, contains: official",
        "operations.open.fields.conditional.0",
        "is asked later",
    ),
    (
        SEAL,
        "{credit_code: business_licence}",
        "{credit_code: licence}",
        "operations.open.fields.from_results.credit_code",
        "no such item",
    ),
    ("steps.yaml", "fields: [shareholders]", "fields: []", "shareholders", "belongs to no step"),
    (
        "steps.yaml",
        "fields: [shareholders]",
        "fields: [shareholders, agent]",
        "investors.fields",
        "is in `contacts` already",
    ),
    ("steps.yaml", "investors:", "directors:", "directors", "cannot have the code of a field"),
    ("themes.yaml", "code: seal,", "code: stamp,", "restaurant.items.4", "no such item: `stamp`"),
    (
        "themes.yaml",
        "industry_code: '6210'",
        "industry_code: '9999'",
        "restaurant.industry_code",
        "no such industry",
    ),
    (
        "themes.yaml",
        "fire_check_area_min_m2}",
        "area_min}",
        "370100.parameters",
        "`area_min` is missing",
    ),
    (
        "themes.yaml",
        "always: true}",
        "unless_known: true}",
        "restaurant.items.0",
        "either `always` or `when`",
    ),
    ("rules.yaml", "kind: adult", "kind: grown_up", "35.kind", "Invalid value 'grown_up'"),
    ("rules.yaml", "- code: capital_sum", "- code: share_sum", "", "is used twice"),
    ("rules.yaml", "column: percent", "colum: percent", "", "unknown field"),
    (
        "rules.yaml",
        "field: fund_unit_ratio",
        "field: fund_ratio",
        "",
        "no such field: `fund_ratio`",
    ),
    ("served.yaml", "'371400'", "'371402'", "371402", "is not the code of a city"),
    (
        "materials.yaml",
        "premises, obtain: upload",
        "premises, obtain: bring",
        "premises_use_proof.obtain",
        "Invalid enum value",
    ),
    ("samples.yaml", "postal_code:", "post_code:", "post_code", "no such field"),
    (
        "business_scope.yaml",
        "permit: food_operation",
        "permit: food",
        "entries.catering_service",
        "no such item",
    ),
    ("banks.json", "102468000226", "102468000227", "102468000227", "is not a clearing number"),
    ("regions.json", '"历下区", "370100"', '"历下区", "370900999"', "370102", "no such parent"),
    ("catalogue.yaml", "'2026.11'", "next", "release", "matching regex"),
]


@pytest.mark.parametrize(("name", "old", "new", "place", "rule"), BROKEN)
def test_a_fault_names_file_place_and_rule(folder, name, old, new, place, rule):
    replace(folder, name, old, new)
    found = faults(folder)
    assert any(place in fault.place and rule in fault.rule for fault in found), found
