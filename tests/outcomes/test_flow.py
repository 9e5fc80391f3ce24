from ctevidence.outcomes import participant_flow

PEOPLE = """
    who | arm      | baseline | 4  | 8
    ann | combined | 30       | 20 | .
    bob | combined | 9        | 20 | 20
    cem | combined | .        | 20 | 20
    dee | control  | 10       | .  | 20
"""


def test_the_flow_counts_everyone_who_started(draw, expect):
    flow = participant_flow(draw(PEOPLE, entry=10))
    expect(
        flow[flow["arm"].isin(["control", "combined"])],
        """
        arm      | step                 | week | n
        control  | started              | .    | 1
        control  | without baseline     | .    | 0
        control  | below entry severity | .    | 0
        control  | entered              | .    | 1
        control  | seen                 | 4    | 0
        control  | seen                 | 8    | 1
        combined | started              | .    | 3
        combined | without baseline     | .    | 1
        combined | below entry severity | .    | 1
        combined | entered              | .    | 1
        combined | seen                 | 4    | 1
        combined | seen                 | 8    | 0
        """,
    )


def test_beat_the_blues_counts(beat_the_blues, counted_in_r):
    flow = participant_flow(beat_the_blues)
    counts = {key: step.set_index("arm")["n"].to_dict() for key, step in flow.groupby("step")}
    for step in ("started", "below entry severity", "entered"):
        assert counts[step] == counted_in_r[step.replace(" ", "_")]
    assert sum(counts["below entry severity"].values()) == 10
    assert sum(counts["without baseline"].values()) == 0
    for week, seen in flow[flow["step"] == "seen"].groupby("week"):
        assert seen.set_index("arm")["n"].to_dict() == counted_in_r["seen"][f"{week:g}"]
