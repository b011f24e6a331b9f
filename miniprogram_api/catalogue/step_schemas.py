"""The JSON Schema of a step, and its validator, compiled once for all forms that have the step.

Many forms share a step: whatever else was chosen, the company is asked the same. A schema lives as
long as a form that uses it is kept, and its validator is compiled when the first answers come.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol
from weakref import WeakValueDictionary

from jsonschema_rs import Draft202012Validator, EmailOptions

from kit.clock import Clock
from miniprogram_api.catalogue.catalogue import Catalogue
from miniprogram_api.catalogue.facts import Field
from miniprogram_api.catalogue.shapes import Check, Schema, formats, schema_of


class Asked(Protocol):
    @property
    def code(self) -> str: ...
    @property
    def field(self) -> Field: ...
    @property
    def always_required(self) -> bool: ...


class StepSchema:
    def __init__(self, schema: Schema, formats: Mapping[str, Check]) -> None:
        self.schema = schema
        self._formats = formats
        self._validator: Draft202012Validator | None = None

    @property
    def validator(self) -> Draft202012Validator:
        if self._validator is None:
            self._validator = Draft202012Validator(
                self.schema,
                formats=dict(self._formats),
                validate_formats=True,
                ignore_unknown_formats=False,
                email_options=EmailOptions(require_tld=True),
                offline=True,
            )
        return self._validator


class StepSchemas:
    """Of one catalogue, as it is on one day."""

    def __init__(self, catalogue: Catalogue, clock: Clock) -> None:
        self._formats = formats(catalogue, clock)
        self._kept: WeakValueDictionary[tuple[tuple[str, bool], ...], StepSchema] = (
            WeakValueDictionary()
        )

    def of(self, questions: Sequence[Asked]) -> StepSchema:
        key = tuple((question.code, question.always_required) for question in questions)
        kept = self._kept.get(key)
        if kept is None:
            kept = StepSchema(_schema(questions), self._formats)
            self._kept[key] = kept
        return kept


def _schema(questions: Sequence[Asked]) -> Schema:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {question.code: schema_of(question.field) for question in questions},
        "required": [question.code for question in questions if question.always_required],
        "additionalProperties": False,
    }
