"""What the page of the race says."""

from __future__ import annotations

from typing import Any

from benchmarks.page import Page, Shown, Table, part_of, percent, short
from benchmarks.peers.environments import PINNED
from benchmarks.peers.targets import until

OURS, OFF = "ours", "ours, search off"
#: Costs that differ by less than this factor are no loss: times of one and the same fit vary as much.
EVEN = 1.1
PROBABILITIES = (0.5, 0.99)


def shown(summary: dict[str, Any]) -> Shown:
    """Return one row a set, and tables of all methods."""
    sets = summary["sets"]
    figures = _figures(sets, summary["peers"])
    columns = ("set, k", "ours found", "expected s", "best peer", "found, %", "expected s", "peer / ours")
    return Shown(figures, columns, [_row(name, row) for name, row in sets.items()], _tables(summary))


def _figures(sets: dict[str, Any], peers: dict[str, Any]) -> dict[str, Any]:
    ratios = {name: _ratio(row) for name, row in sets.items()}
    known = [ratio for ratio in ratios.values() if ratio is not None]
    lost = {name: ratio for name, ratio in ratios.items() if ratio is not None and ratio < 1.0 / EVEN}
    ours = [row["methods"][OURS] for row in sets.values()]

    off = [row["methods"][OFF] for row in sets.values()]
    search = [one["median"] / plain["median"] for one, plain in zip(ours, off, strict=True)]

    def told(name: str) -> str:
        return f"{name} ({sets[name]['best_peer']}, {_times(lost[name])} times as fast)"

    return {
        "hits": sum(one["successes"] for one in ours),
        "of": sum(one["of"] for one in ours),
        "sets": len(sets),
        "least": short(min(known), 2) if known else "-",
        "most": short(max(known), 2) if known else "-",
        "alone": sum(row["best_peer"] is None for row in sets.values()),
        "won": sum(ratio is None or ratio > EVEN for ratio in ratios.values()),
        "lost": "; ".join(map(told, lost)) or "none",
        "search": f"{short(min(search), 2)} to {short(max(search), 2)}",
        "off": sum(_off(row) for row in sets.values()),
        "spikes": ", ".join(
            f"{name} {row['degenerate_and_likelier']}"
            for name, row in sets.items()
            if row["degenerate_and_likelier"]
        )
        or "none",
        "absent": "; ".join(f"{name} ({one['why_not']})" for name, one in peers.items() if not one["there"])
        or "none",
    }


def _ratio(row: dict[str, Any]) -> float | None:
    """How many times as long as ours the best peer takes; None where no peer finds it."""
    ours = row["methods"][OURS]["expected"]
    if row["best_peer"] is None:
        return None
    return 0.0 if ours is None else row["methods"][row["best_peer"]]["expected"] / ours


def _off(row: dict[str, Any]) -> bool:
    """Whether repeated runs of ours with the search off take less than the best peer."""
    off, peer = row["methods"][OFF]["expected"], row["methods"].get(row["best_peer"])
    return off is not None and (peer is None or off < peer["expected"])


def _times(ratio: float) -> str:
    return short(1.0 / ratio, 2) if ratio > 0.0 else "any number of"


def _row(name: str, row: dict[str, Any]) -> tuple[Any, ...]:
    ours, peer = row["methods"][OURS], row["methods"].get(row["best_peer"])
    ratio = _ratio(row)
    return (
        f"{name}, {row['k']}",
        part_of(ours["successes"], ours["of"]),
        _expected(ours),
        row["best_peer"] or "none found it",
        _found(peer) if peer else "-",
        _expected(peer) if peer else "-",
        short(ratio, 2) if ratio is not None else "-",
    )


def _found(one: dict[str, Any]) -> str:
    """Percent of runs with their interval."""
    return f"{short(100 * one['share'], 3)} {_ends(100 * one['low'], 100 * one['high'])}"


def _expected(one: dict[str, Any]) -> str:
    """Expected seconds with their interval; where no run succeeded only what they exceed is known."""
    alone = _expected_alone(one)
    return alone if one["expected"] is None else f"{alone} {_ends(one['least'], one['most'])}"


def _expected_alone(one: dict[str, Any]) -> str:
    if one["expected"] is None:
        return f">{short(one['least'], 2)}" if one["least"] is not None else "never"
    return short(one["expected"], 2)


def _ends(low: float, high: float | None) -> str:
    return f"[{short(low, 2)}..{short(high, 2)}]"


def _tables(summary: dict[str, Any]) -> list[Table]:
    sets, factors = summary["sets"], summary["factors"]
    names = list(dict.fromkeys(name for row in sets.values() for name in row["methods"]))
    head = ("method", *sets)

    def every(cell: Any) -> list[tuple[str, ...]]:
        each = {name: [row["methods"].get(name) for row in sets.values()] for name in names}
        return [(name, *(cell(one) if one else "-" for one in row)) for name, row in each.items()]

    singles = [name for name in names if "n_init" not in name]
    return [
        Table(
            "Share of runs that find the best optimum, percent, with 95 % intervals",
            head,
            [row for row in every(_found) if row[0] in singles],
        ),
        # Their intervals are those of the shares turned over, and the file has them.
        Table("Expected processor seconds until it is found", head, every(_expected_alone)),
        _curves(sets),
        Table(
            "Processor seconds of a run, median",
            head,
            [row for row in every(lambda one: short(one["median"], 2)) if row[0] in singles],
        ),
        Table(
            "Runs that end in a degenerate component, on all sets",
            ("method", "runs"),
            [(name, part_of(*_degenerate(sets, name))) for name in singles],
        ),
        Table(
            "Performance profile: sets, percent, on which the expected time is within a factor of the least",
            ("method", *(f"{factor} times" for factor in factors)),
            [
                (name, *(percent(share, 3) for share in row))
                for name, row in sorted(
                    summary["profile"].items(), key=lambda item: [-share for share in item[1]]
                )
                if name in singles
            ],
        ),
        Table(
            "Who takes part",
            ("environment", "versions, or why it is not there"),
            [(name, _versions(one)) for name, one in summary["peers"].items()],
        ),
    ]


def _degenerate(sets: dict[str, Any], name: str) -> tuple[int, int]:
    runs = [row["methods"][name] for row in sets.values() if name in row["methods"]]
    return sum(one["degenerate"] for one in runs), sum(one["of"] for one in runs)


def _curves(sets: dict[str, Any]) -> Table:
    """Points of the time-to-target curves of ours and of the best peer."""
    rows = []
    for name, row in sets.items():
        both = [row["methods"][OURS], row["methods"].get(row["best_peer"])]
        times = [one and until(one["share"], one["mean"], at) for one in both for at in PROBABILITIES]
        rows.append((name, *(short(time, 2) for time in times)))
    heads = [f"{who}, {percent(at)}" for who in (OURS, "best peer") for at in PROBABILITIES]
    title = "Time-to-target curves: processor seconds until it is found with a probability, runs repeated"
    return Table(title, ("set", *heads), rows)


#: Packages whose versions the page has; the result has all.
TOLD = {pin.partition("==")[0] for pins in PINNED.values() for pin in pins} | {"R", "jax", "mclust", "numpy"}


def _versions(one: dict[str, Any]) -> str:
    if not one["there"]:
        return f"not there: {one['why_not']}"
    told = [f"{name} {one['versions'][name]}" for name in sorted(TOLD & set(one["versions"]))]
    return ", ".join(told) or "that of the benchmark, below"


PAGE = Page(
    question="""How much processor time does it take to find the best optimum, with our fits and with
    those of others?""",
    setup="""Full covariances, columns of variance 1, least variance 1e-5 for everybody, 1e-3 of iris,
    faithful and the overlapping rows, lest components on a plane win; each program in an environment of
    its own (`GMMSCAPE_PEERS` names their folder), on one thread. Timed is the processor time of the fit
    alone, after one fit that is not counted. One judge takes every end to its optimum by EM, far
    converged, which costs nobody anything: programs that stop early lose nothing by it. The best optimum
    of a set is the best of all runs of all methods, long ones among them, whose components all have
    5(d+1) rows and do not rest on the least variance; found is what is within 1e-4 nats per row of it.
    Expected seconds are those until a run finds it when runs are repeated: mean seconds of a run over the
    share of successes, with the interval of Clopper and Pearson of that share. `n_init=10` and `100` are
    made of single runs, which is what `n_init` does; a degenerate run is never taken for the best, which
    `n_init` does not promise. `autogmm`, `pomegranate` and `mclust` cannot be given that least variance,
    and of more than 2,000 rows the first makes no agglomerations, which would take minutes. Random swaps
    count to the last swap that was a gain, as if they knew when to stop. Ours is maximum likelihood with
    the search of a default fit (`covariance_prior=0`, `pursue="likelihood"`, `nested="take"`); all
    defaults and the search off stand beside it. All defaults pursue something else, a penalised
    likelihood that new rows would confirm. Each method has fifty seeds of a set or more, as many as it
    does in 10 seconds, but for those that have used 30 before, and `mclust`, which leaves nothing to
    chance.""",
    sentence="""Ours finds the best optimum in {hits} of {of} runs on {sets} sets. The best peer of a set
    takes {least} to {most} times the expected time; on {alone} sets no peer finds it at all. Where a peer
    is faster: {lost}. A fit of ours takes {search} times as long as one with the search off, for the
    search looks for something better where nothing is left to find; with the search off, repeated runs of
    ours take less than the best peer on {off} of {sets} sets. Degenerate ends that are likelier than the
    best optimum: {spikes}. Not there: {absent}.""",
    claim="Time to the best optimum, beside other programs",
    number="""sooner on {won} of {sets} sets; the best peer takes {least} to {most} times as long, and
    finds nothing on {alone}""",
    loses="a peer is faster: {lost}",
    shown=shown,
)
