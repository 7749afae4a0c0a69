from __future__ import annotations

import pandas as pd
import pytest

from druqa import UsageError, names_frame

TEXTS = ["Coumadin 5 mg", "warfarin", "metforminn", "zzqadrine", "Coumadin 5 mg", ""]


def test_a_row_for_each_text_in_order():
    frame = names_frame(TEXTS)
    assert list(frame.columns) == ["text", "drugs", "how", "score", "recognised", "doubts"]
    assert frame["text"].tolist() == TEXTS
    assert frame["drugs"].tolist()[:3] == [("warfarin",), ("warfarin",), ("metformin",)]
    assert [tuple(map(str, how)) for how in frame["how"][:4]] == [("alias",), ("exact",), ("fuzzy",), ("as_written",)]
    assert frame["recognised"].tolist() == [True, True, True, False, True, False]
    assert frame["score"].tolist()[:2] == [100.0, 100.0]
    assert 90 < frame["score"][2] < 100
    assert frame["doubts"][1] == ()
    assert "not a name known here" in frame["doubts"][3][0]


def test_a_series_keeps_its_index_and_what_is_missing_its_place():
    column = pd.Series(["Bactrim", None, float("nan"), "Bactrim"], index=[7, 3, 9, 1], name="drug")
    frame = names_frame(column)
    assert frame.index.tolist() == [7, 3, 9, 1]
    assert frame["drugs"].tolist()[0] == ("sulfamethoxazole", "trimethoprim")
    assert frame["recognised"].tolist() == [True, False, False, True]


def test_a_number_is_refused_with_its_place():
    with pytest.raises(UsageError, match="float"):
        names_frame(["warfarin", 1.5])


@pytest.mark.parametrize("texts", ["warfarin", pd.DataFrame({"drug": ["warfarin"]}), [["warfarin"]]])
def test_what_is_no_column_is_refused(texts):
    with pytest.raises(UsageError):
        names_frame(texts)


def test_no_texts_no_rows():
    assert names_frame([]).empty
