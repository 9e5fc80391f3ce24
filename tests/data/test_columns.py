"""Columns: items are found and ordered by their number."""

import pandas as pd

from ctevidence.data.columns import item_columns


def test_items_come_in_the_order_of_their_numbers() -> None:
    frame = pd.DataFrame(columns=["item_10", "item_2", "score", "item_1", "item_x"])
    assert item_columns(frame) == ["item_1", "item_2", "item_10"]
