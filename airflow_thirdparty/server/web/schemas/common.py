"""What several modules of routes take and answer."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from airflow_thirdparty.exceptions import ThirdPartyAccountError
from airflow_thirdparty.options import KINDS

Kind = Annotated[str, Field(json_schema_extra={"enum": [*KINDS]})]
"""How people authenticate at an account's service; described as one of the kinds there are."""


LARGEST = 2**31 - 1
"""The largest whole number that is taken: what Airflow's own columns hold (SQL ``INTEGER``, 32 bits)."""


class Strict(BaseModel):
    """A request body that takes no unknown fields, and no NUL, which Postgres takes in no text."""

    model_config = ConfigDict(extra="forbid", strict=True)

    @field_validator("*")
    @classmethod
    def _without_nul(cls, value: object) -> object:
        if isinstance(value, str) and "\x00" in value:
            raise ValueError("it holds a NUL character")
        return value


class Problem(BaseModel):
    """What went wrong, and what to do about it.

    :param reason: what exactly is wrong, as a code that pages have words for; empty where there is none
    :param values: what stands in those words
    """

    code: str
    message: str
    remedy: str
    field: str | None = None
    link: str | None = None
    reason: str = ""
    values: dict[str, str] = Field(default_factory=dict)

    @classmethod
    def of(cls, error: ThirdPartyAccountError) -> Problem:
        """Spell an error.

        :param error: the error
        :return: it as JSON
        """
        return cls(
            code=error.code,
            message=error.message,
            remedy=error.remedy,
            field=error.field,
            link=error.link,
            reason=error.reason,
            values=error.values,
        )


class ProblemAnswer(BaseModel):
    """The body of every answer that is not a success."""

    error: Problem
