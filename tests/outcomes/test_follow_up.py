import pandas as pd

from ctevidence.outcomes.follow_up import after, first_event, follow_up

# windows: days 15-41, 43-69, 71-97
PEOPLE = """
    who | arm      | baseline | 4     | 8     | 12
    ann | combined | 30       | 20    | 15    | 10@71
    bob | control  | 25       | .     | .     | .
    cem | control  | 25       | 20@41 | .     | .
    dee | therapy  | 25       | .     | 20    | .
    eve | therapy  | 25       | 20    | .     | .
    fay | therapy  | 25       | 20    | .     | .
"""
EVENTS = """
    who | day | event            | reason
    cem | 60  | dropout          | feeling well
    cem | 70  | dropout          | moved away
    dee | 90  | death            | .
    eve | 55  | end_of_follow_up | .
    fay | 56  | end_of_follow_up | .
"""


def test_follow_up(draw, expect):
    # eve's follow-up ended before her visit of day 56 was due, fay's on that day
    expect(
        follow_up(draw(PEOPLE, EVENTS)).reset_index(),
        """
        who | last_visit | last_contact | next_due | dropout | death | end
        ann | 71         | 71           | .        | .       | .     | .
        bob | 0          | 0            | 28       | .       | .     | .
        cem | 41         | 70           | 56       | 60      | .     | .
        dee | 56         | 90           | 84       | .       | 90    | .
        eve | 28         | 55           | .        | .       | .     | 55
        fay | 28         | 56           | 56       | .       | .     | 56
        """,
    )


def test_the_reason_is_that_of_the_first_dropout(draw):
    assert follow_up(draw(PEOPLE, EVENTS))["reason"].to_dict() == {
        "ann": "",
        "bob": "",
        "cem": "feeling well",
        "dee": "",
        "eve": "",
        "fay": "",
    }


def test_a_visit_of_any_scale_between_scheduled_ones_is_a_sign_of_staying(draw):
    more = """
    who | day | score | scale
    cem | 70  | 5     | GAD-7
    """
    followed = follow_up(draw(PEOPLE, EVENTS, more_visits=more)).loc["cem"]
    assert (followed["last_visit"], followed["next_due"]) == (70, 84)


def test_without_events_and_without_reasons(draw):
    followed = follow_up(draw(PEOPLE))
    assert followed[["dropout", "death", "end"]].isna().all(axis=None)
    assert set(followed["reason"]) == {""}


def test_events_count_from_a_day_on(draw):
    study = draw(PEOPLE, EVENTS)
    assert first_event(study, "dropout").to_dict() == {"cem": 60}
    from_day = pd.Series({"cem": 61.0})
    assert first_event(study, "dropout", not_before=from_day).to_dict() == {"cem": 70}
    assert first_event(study, "dropout", not_before=from_day * float("nan")).empty


def test_an_event_on_the_day_of_the_start_comes_half_a_day_later():
    days = after(pd.Series([5.0, 6.0]), pd.Series([5.0, 5.0]))
    assert days.tolist() == [5.5, 6.0]
