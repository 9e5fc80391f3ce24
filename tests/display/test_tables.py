"""Tables of estimates: what each row says."""

from ctevidence.contrasts import counted_levels, synergy
from ctevidence.display.tables import table_estimates


def test_a_prediction_is_not_worded_as_a_comparison():
    rows = synergy(counted_levels((30, 20, 18, 10), (50,) * 4))
    said = table_estimates(rows, "open").frame.iloc[:, 0]
    predicted = [row.measure == "risk" for row in rows]
    assert said[predicted].tolist() == ["Combined treatment as additivity predicts"]
    assert said[0] == "Combined treatment against medication"
