from ctevidence.data.rules import RetentionRule
from ctevidence.outcomes import derive_retention

# windows: days 15-41, 43-69, 71-97
PEOPLE = """
    who | arm      | baseline | 4     | 8  | 12
    ann | combined | 30       | 20    | 15 | 10@80
    bob | combined | 30       | 20    | .  | 10
    cem | control  | 30       | 20@35 | .  | .
    dee | control  | 30       | .     | .  | .
    eve | therapy  | 30       | 20    | .  | .
    fay | therapy  | 30       | 20    | .  | .
    gus | therapy  | 30       | 20    | .  | .
"""
EVENTS = """
    who | day | event            | reason
    bob | 49  | dropout          | feeling well
    cem | 49  | dropout          | side effects
    dee | 0   | dropout          | refused
    eve | 49  | death            | .
    fay | 49  | end_of_follow_up | .
    gus | 63  | death            | .
"""


def test_retention_read_off_the_last_visit(draw, expect):
    # bob came back after a missed visit; eve died before her next visit was due, gus after it
    outcome = derive_retention(draw(PEOPLE, EVENTS, retention=RetentionRule("last_visit")))
    expect(
        outcome.frame,
        f"""
        who | arm      | entry | lower    | upper | state       | reason
        ann | combined | 0     | {80 / 7} | inf   | stayed      |
        bob | combined | 0     | 12       | inf   | stayed      |
        cem | control  | 0     | 5        | 8     | dropped out | side effects
        dee | control  | 0     | 0        | 4     | dropped out | refused
        eve | therapy  | 0     | 7        | 7     | died        |
        fay | therapy  | 0     | 7        | inf   | stayed      |
        gus | therapy  | 0     | 4        | 8     | dropped out |
        """,
    )
    assert (outcome.kind, outcome.better) == ("retention", "higher")
    assert len(outcome.cautions) == 1


def test_retention_from_recorded_events(draw, expect):
    # a visit after dropout does not undo it; dropout on day 0 counts half a day later
    outcome = derive_retention(draw(PEOPLE, EVENTS, retention=RetentionRule("events")))
    expect(
        outcome.frame,
        f"""
        who | entry | lower     | upper     | state       | reason
        ann | 0     | {80 / 7}  | inf       | stayed      |
        bob | 0     | 7         | 7         | dropped out | feeling well
        cem | 0     | 7         | 7         | dropped out | side effects
        dee | 0     | {0.5 / 7} | {0.5 / 7} | dropped out | refused
        eve | 0     | 7         | 7         | died        |
        fay | 0     | 7         | inf       | stayed      |
        gus | 0     | 9         | 9         | died        |
        """,
    )
    assert outcome.cautions == ()


def test_no_recorded_dropout_at_all_is_said(draw):
    outcome = derive_retention(draw(PEOPLE), RetentionRule("events"))
    assert set(outcome.frame["state"]) == {"stayed"}
    assert "not recorded is not the same as none" in outcome.cautions[0]


def test_beat_the_blues_retention_comes_from_the_last_visit(beat_the_blues, counted_in_r):
    frame = derive_retention(beat_the_blues).frame
    nominal = {0: 0, 9: 61, 13: 91, 22: 152, 35: 244}  # months of 30.4375 days, whole days
    for week, day in nominal.items():
        last = (frame["lower"] == day / 7).groupby(frame["arm"]).sum().to_dict()
        assert last == counted_in_r["last_visit"][str(week)]
    stayed = frame.loc[frame["state"] == "stayed"]
    assert (stayed["lower"] == nominal[35] / 7).all()
    left = frame.loc[frame["state"] == "dropped out"]
    following = {0: 9, 9: 13, 13: 22, 22: 35}
    expected = left["lower"].map({nominal[w] / 7: float(n) for w, n in following.items()})
    assert left["upper"].tolist() == expected.tolist()
