"""Tables of estimates: what each row says."""

from ctevidence.contrasts import compare, counted_levels, per_arm, synergy
from ctevidence.display.contrast_words import difference_words
from ctevidence.display.tables import table_estimates


def test_a_prediction_is_not_worded_as_a_comparison():
    rows = synergy(counted_levels((30, 20, 18, 10), (50,) * 4))
    said = table_estimates(rows, "open").frame.iloc[:, 0]
    predicted = [row.measure == "risk" for row in rows]
    assert said[predicted].tolist() == ["Combined treatment as additivity predicts"]
    assert said[0] == "Combined treatment against medication"


def test_levels_and_comparisons_in_one_table_share_a_column():
    levels = counted_levels((30, 20, 18, 10), (50,) * 4)
    rows = per_arm(levels) + compare(levels, "combined", against="therapy")
    frame = table_estimates(rows, "open").frame
    assert "treatment" not in frame
    assert frame["comparison"].tolist()[-1] == "Combined treatment against therapy"
    assert not frame.isin(["nan"]).any(axis=None)
    assert frame.notna().all(axis=None)


def test_a_one_sided_range_has_one_limit_in_words():
    levels = counted_levels((30, 20, 18, 10), (50,) * 4)
    row = compare(levels, "combined", against="therapy", alternative="greater").one()
    assert difference_words(row)[1].startswith("from ")
    assert "not estimable" not in difference_words(row)[1]


def test_one_sided_p_values_are_explained_where_they_stand():
    from ctevidence.contrasts import better_than_both, compare, counted_levels  # noqa: PLC0415
    from ctevidence.display.tables import table_estimates  # noqa: PLC0415

    levels = counted_levels((76, 66, 48, 39), (107, 109, 111, 112), week=12)
    words = "the p-value is one-sided too and is judged against 2.5 %"
    both = table_estimates(better_than_both(levels), "open")
    assert any(words in note for note in both.notes)
    pair = table_estimates(compare(levels, "combined", against="therapy"), "open")
    assert not any(words in note for note in pair.notes)
