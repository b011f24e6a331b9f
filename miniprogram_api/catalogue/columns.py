"""The parts of compound answers, as questions of their own."""

from collections.abc import Mapping

from miniprogram_api.catalogue.facts import Column, Shape

ID_TYPES = {
    "01": "居民身份证",
    "03": "护照",
    "04": "外国人永久居留身份证",
    "05": "港澳居民来往内地通行证",
    "06": "台湾居民来往大陆通行证",
    "07": "港澳台居民居住证",
}
PERSON_COLUMNS: Mapping[str, Column] = {
    "name": Column(label="姓名", en="Name", type="text", max_length=25, required=True),
    "id_type": Column(
        label="证件类型", en="Kind of document", type="select", options=ID_TYPES, required=True
    ),
    "id_number": Column(
        label="证件号码",
        en="Document number",
        type="id_number",
        id_type_field="id_type",
        required=True,
    ),
    "phone": Column(label="手机", en="Mobile phone", type="mobile", required=True),
}
ADDRESS_COLUMNS: Mapping[str, Column] = {
    "region": Column(label="区县", en="District", type="region", required=True),
    "street": Column(label="街道(乡镇)", en="Street or town", type="text", max_length=25),
    "detail": Column(
        label="详细地址", en="Road and number", type="text", max_length=60, required=True
    ),
}
DATE_RANGE_COLUMNS: Mapping[str, Column] = {
    "from": Column(label="开始日期", en="From", type="date", required=True),
    "to": Column(label="结束日期", en="To", type="date", required=True),
}


def columns_of(shape: Shape) -> Mapping[str, Column]:
    """The parts of a compound answer; nothing for a plain one."""
    if shape.type == "person":
        return {**PERSON_COLUMNS, **shape.columns}
    if shape.type == "address":
        return ADDRESS_COLUMNS
    if shape.type == "date_range":
        return DATE_RANGE_COLUMNS
    return shape.columns
