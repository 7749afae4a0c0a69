"""druqa checks medication lists for drug-drug interactions and never misses quietly.

    >>> from druqa import check
    >>> report = check(["warfarin", "aspirin"])

Names are loaded when they are first used: `druqa --help` need not wait for pydantic.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from druqa.batch.checking import check_frame, check_tables
    from druqa.errors import DruqaError, UsageError
    from druqa.flow import acheck, check, check_many, names, plan
    from druqa.measure.agreement import still_missed
    from druqa.models.base import ChatModel, Limits, ModelFailure, Price, Reply
    from druqa.models.interruption import Interruption
    from druqa.records import Medication
    from druqa.report import Report
    from druqa.settings import ModelSettings, Settings
    from druqa.views.frame import names_frame, pairs_frame, write_pairs

__version__ = "0.1.0"

_HOME = {
    "ChatModel": "druqa.models.base",
    "DruqaError": "druqa.errors",
    "Interruption": "druqa.models.interruption",
    "Limits": "druqa.models.base",
    "Medication": "druqa.records",
    "ModelFailure": "druqa.models.base",
    "ModelSettings": "druqa.settings",
    "Price": "druqa.models.base",
    "Reply": "druqa.models.base",
    "Report": "druqa.report",
    "Settings": "druqa.settings",
    "UsageError": "druqa.errors",
    "acheck": "druqa.flow",
    "check": "druqa.flow",
    "check_frame": "druqa.batch.checking",
    "check_many": "druqa.flow",
    "check_tables": "druqa.batch.checking",
    "names": "druqa.flow",
    "names_frame": "druqa.views.frame",
    "pairs_frame": "druqa.views.frame",
    "plan": "druqa.flow",
    "still_missed": "druqa.measure.agreement",
    "write_pairs": "druqa.views.frame",
}

__all__ = [
    "ChatModel",
    "DruqaError",
    "Interruption",
    "Limits",
    "Medication",
    "ModelFailure",
    "ModelSettings",
    "Price",
    "Reply",
    "Report",
    "Settings",
    "UsageError",
    "acheck",
    "check",
    "check_frame",
    "check_many",
    "check_tables",
    "names",
    "names_frame",
    "pairs_frame",
    "plan",
    "still_missed",
    "write_pairs",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'druqa' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
