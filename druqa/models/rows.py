"""A reply as a row of the journal: its key, its JSON, and a checksum over both."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pydantic import BaseModel, ValidationError, create_model

from druqa.models.base import Reply

Row = tuple[str, str, str]

_FIELDS: dict[str, Any] = {name: (field.annotation, field.default) for name, field in Reply.model_fields.items()}
_KEPT: type[BaseModel] = create_model("KeptReply", __config__=Reply.model_config, **_FIELDS)
"""The fields of a reply and their types. What is in a row was scrubbed and cut when it was made, and the checksum says
that it is what was written: to scrub it again with every look-up takes twenty times as long as the rest."""


def row_of(key: str, reply: Reply) -> Row:
    """A reply as it is kept."""
    # ASCII: a lone surrogate in a reply is no UTF-8, and must not keep the reply from being kept.
    text = json.dumps(vars(reply), ensure_ascii=True)
    return key, text, checksum_of(key, text)


def reply_in(row: Row) -> Reply | None:
    """The reply in a row; None if its checksum fails, or if it is whole but of another druqa's making."""
    key, text, checksum = row
    try:
        if checksum_of(key, text) == checksum:
            return Reply.model_construct(**vars(_KEPT.model_validate(json.loads(text))))
    except (TypeError, ValueError, ValidationError):
        pass
    return None


def checksum_of(key: str, text: str) -> str:
    """The sha256, in hex, of a row: one that was moved to another key fails it too."""
    return hashlib.sha256(f"{key}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()
