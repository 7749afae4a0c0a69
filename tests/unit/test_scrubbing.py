"""What is remembered of the environment and of texts changes nothing: the plain way, that reads each time, agrees."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from druqa import scrubbing
from druqa.scrubbing import conceal, scrub

SECRETS = ["canarykey0123456789", "another-secret-42", "short", "sixsix"]
NAMES = ["ONE_API_KEY", "ITS_TOKEN", "PLAIN", "MINE"]
TEXTS = ["gpt-4o-mini", "key canarykey0123456789 refused", "another-secret-42\nsixsix", "cana...6789", "short PLAIN"]


def plain_values() -> list[str]:
    named = {v for name, v in os.environ.items() if len(v) >= 6 and scrubbing._names_a_secret(name)}
    return sorted(named, key=lambda value: (-len(value), value))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("set"), st.sampled_from(NAMES), st.sampled_from(SECRETS)),
            st.tuples(st.just("unset"), st.sampled_from(NAMES), st.just("")),
            st.tuples(st.just("name"), st.sampled_from(NAMES), st.just("")),
            st.tuples(st.just("scrub"), st.just(""), st.sampled_from(TEXTS)),
        ),
        max_size=12,
    )
)
def test_the_environment_is_read_whenever_it_changes(steps: list[tuple[str, str, str]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scrubbing, "KEY_VARIABLES", set())
        for what, name, text in steps:
            if what == "set":
                patch.setenv(name, text)
            elif what == "unset":
                patch.delenv(name, raising=False)
            elif what == "name":
                scrubbing.KEY_VARIABLES.add(name)
            else:
                assert list(scrubbing._values()) == plain_values()
                remembered = scrub(text), conceal(text)
                scrubbing._known = (None, set(), ())
                scrubbing._scrubbed_before.cache_clear()
                assert remembered == (scrub(text), conceal(text)) == (scrubbing._scrubbed(text), conceal(text))
