"""`collegium evaluate replay`: what a mixture is worth, on recorded answers of real models."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from collegium import config as configuration
from collegium.cli import options
from collegium.cli.progress import counting
from collegium.cli.terminal import say, say_json, stdout, verb
from collegium.errors import ConfigError, DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from collegium.aggregation.learned import CascadePolicy
    from collegium.learning.recordings import Recordings
    from collegium.learning.replay import Played, Standing
    from collegium.system import Collegium

OBJECTIVES = ("parity", "quality", "balanced", "cheap", "fast")


@verb
def replay(
    fit: Annotated[
        Path, typer.Option(metavar="DIR", help="The folder of recorded answers to learn from.")
    ],
    judge: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The folder to be judged on; else halves of --fit."),
    ] = None,
    pool: Annotated[
        str | None, typer.Option(metavar="NAME", help="A pool of models that pools.json names.")
    ] = None,
    datasets: Annotated[
        str | None, typer.Option(metavar="A,B", help="Only these data sets.")
    ] = None,
    objective: Annotated[
        str, typer.Option(metavar="NAME", help="What it goes by: parity, quality, balanced, ...")
    ] = "parity",
    strategy: Annotated[
        str, typer.Option(metavar="NAME", help="How several answers become one.")
    ] = "cascade",
    decisions: Annotated[
        Path | None,
        typer.Option(metavar="OUT.jsonl", help="Write who was called, answer and cost, by prompt."),
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option(metavar="POLICY.json", help="Write what was learned, for moe.aggregation."),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE.svg", help="Plot accuracy against cost.")
    ] = None,
    verification: Annotated[
        bool, typer.Option("--verify/--no-verify", help="Whether answers are checked.")
    ] = True,
    compute: Annotated[
        bool, typer.Option("--compute/--no-compute", help="Whether experts compute.")
    ] = True,
    seed: Annotated[int, typer.Option(min=0, help="Draws halves and resamples.")] = 0,
    as_json: options.AsJson = False,
    debug: options.Debug = False,
) -> None:
    """Fit a mixture to recorded answers, and judge it on prompts that it was not fitted to.

    A college, as it would serve, answers every prompt with models that say what was recorded. It
    pays for each answer that it sees. `parity` is the cheapest that is not worse than the best
    single model, `quality` the most accurate that costs no more.

    Example:
    `collegium evaluate replay --fit answers/ --pool cheap --objective quality --plot pareto.svg`
    """
    del debug  # `verb` reads it
    if objective not in OBJECTIVES:
        raise ConfigError(f"no objective called {objective!r}; there are: {', '.join(OBJECTIVES)}")
    for path in filter(None, (decisions, save, plot)):
        if not path.absolute().parent.is_dir():
            raise DataError(f"cannot write {path}: its folder does not exist")
    from collegium.learning.recordings import pool_of, read_recordings  # noqa: PLC0415

    models = pool_of(fit, pool) if pool else None
    named = tuple(filter(None, (datasets or "").split(",")))
    learned = read_recordings(fit, models=models, datasets=named)
    judged = read_recordings(judge, models=models, datasets=named) if judge else None
    run = Run(objective, strategy, verification=verification, compute=compute, seed=seed)
    report = asyncio.run(run.halves(learned) if judged is None else run.apart(learned, judged))
    if decisions is not None:
        lines = (json.dumps(one.row(), ensure_ascii=False) for one in report.decisions)
        decisions.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    if save is not None:
        report.policy.save(save)
    if plot is not None:
        from collegium.learning.replay_plot import draw  # noqa: PLC0415 -- matplotlib

        draw(plot, report.standings, report.singles)
    if as_json:
        say_json(report.as_data())
    else:
        report.show()


class Report:
    """What came of it: the standings of the college and of what it is compared with."""

    def __init__(
        self,
        objective: str,
        policy: CascadePolicy,
        decisions: Sequence[Played],
        standings: Sequence[Standing],
        singles: Sequence[Standing],
        unseen: dict[str, list[str]],
        seed: int,
    ) -> None:
        self.objective, self.policy, self.decisions = objective, policy, decisions
        self.standings, self.singles, self.unseen, self.seed = standings, singles, unseen, seed

    def as_data(self) -> dict[str, Any]:
        """The report as JSON."""
        import numpy as np  # noqa: PLC0415

        from collegium.learning.replay import compared  # noqa: PLC0415

        college, named = self.standings[0], {one.name: one for one in self.standings}
        rng = np.random.default_rng(self.seed)
        return {
            "objective": self.objective,
            **compared(college, named["best single"], named["oracle"], rng),
            "standings": [
                {
                    "name": one.name,
                    "accuracy": round(one.accuracy, 5),
                    "cost_usd_per_prompt": round(one.cost_usd, 8),
                }
                for one in self.standings
            ],
            "datasets": self._by_dataset(),
            "unseen": self.unseen,
            "failures": sum(bool(one.failure) for one in self.decisions),
        }

    def _by_dataset(self) -> dict[str, dict[str, float]]:
        import numpy as np  # noqa: PLC0415

        kinds = np.array([one.dataset for one in self.decisions])
        return {
            str(kind): {
                "prompts": int((kinds == kind).sum()),
                **{
                    one.name: round(float(one.scores[kinds == kind].mean()), 5)
                    for one in self.standings
                },
                "cost_ratio": round(
                    float(
                        self.standings[0].costs_usd[kinds == kind].sum()
                        / max(1e-12, self.standings[1].costs_usd[kinds == kind].sum())
                    ),
                    5,
                ),
            }
            for kind in sorted(set(kinds))
        }

    def show(self) -> None:
        """The report as a table."""
        from rich import box  # noqa: PLC0415 -- 40 ms, only where something is shown
        from rich.table import Table  # noqa: PLC0415

        data = self.as_data()
        single = self.standings[1]
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for name in ("", "accuracy", "against best", "cost / 1000", "of best's"):
            table.add_column(name, justify="right" if name else "left")
        for one in self.standings:
            table.add_row(
                one.name,
                f"{one.accuracy:.1%}",
                f"{(one.accuracy - single.accuracy) * 100:+.1f}",
                f"${one.cost_usd * 1000:.3f}",
                f"{one.cost_usd / max(single.cost_usd, 1e-12):.0%}",
            )
        stdout().print(table)
        low, high = data["gain_interval"]
        say(
            f"{data['prompts']} prompts; {data['gain'] * 100:+.1f} points on the best single model "
            f"({low * 100:+.1f} to {high * 100:+.1f}) at {data['cost_ratio']:.0%} of its cost\n"
        )
        for what, names in self.unseen.items():
            if names:
                say(f"unseen {what}, which take the prior: {', '.join(names)}\n")
        if data["failures"]:
            say(f"{data['failures']} prompts had no answer\n")


class Run:
    """Fits and judges, as the options say."""

    def __init__(
        self, objective: str, strategy: str, *, verification: bool, compute: bool, seed: int
    ) -> None:
        self.objective, self.strategy, self.seed = objective, strategy, seed
        self.verification, self.compute = verification, compute

    async def apart(self, learned: Recordings, judged: Recordings) -> Report:
        """Fit to one folder, judge on another."""
        import numpy as np  # noqa: PLC0415

        from collegium.learning.cascade_fitting import fit_cascade  # noqa: PLC0415
        from collegium.learning.replay import (  # noqa: PLC0415
            Standing,
            baselines,
            replay,
            standing_of,
            training_of,
            unseen,
        )

        rng = np.random.default_rng(self.seed)
        reader = self._college(learned, None)
        verifier = reader.staff.workbench.verifier if reader.staff else None
        training = await training_of(
            learned,
            computes=lambda query: any(one.computes(query) for one in reader.router.roster),
            verify=verifier.verify if verifier else None,
            rng=rng,
        )
        policy = fit_cascade(training, rng)
        college = self._college(judged, policy)
        with counting("prompts", len(judged.prompts)) as done:
            decisions = await replay(
                judged,
                college.ask,
                policy.forms,
                objective=self.objective,
                done=done,
            )
        scores, costs = np.nan_to_num(judged.scores), np.nan_to_num(judged.costs_usd)
        singles = [
            Standing(model, scores[:, column], costs[:, column])
            for column, model in enumerate(judged.models)
            if np.isfinite(judged.scores[:, column]).all()
        ]
        standings = [
            standing_of(f"{self.strategy}, {self.objective}", decisions),
            *baselines(judged, training, rng),
        ]
        missing = unseen(judged, policy)
        return Report(self.objective, policy, decisions, standings, singles, missing, self.seed)

    async def halves(self, recorded: Recordings) -> Report:
        """Fit to each half of a folder and judge on the other; the policy saved knows all of it."""
        import numpy as np  # noqa: PLC0415

        from collegium.learning.replay import Standing  # noqa: PLC0415

        order = np.random.default_rng(self.seed).permutation(len(recorded.prompts))
        halves = [sorted(map(int, order[start::2])) for start in (0, 1)]
        parts = [recorded.part(half) for half in halves]
        reports = [await self.apart(parts[1 - one], parts[one]) for one in (0, 1)]

        def joined(lists: Sequence[Sequence[Standing]]) -> list[Standing]:
            return [
                Standing(
                    first.name,
                    np.concatenate([first.scores, second.scores]),
                    np.concatenate([first.costs_usd, second.costs_usd]),
                )
                for first, second in zip(*lists, strict=True)
            ]

        return Report(
            self.objective,
            reports[0].policy,
            [*reports[0].decisions, *reports[1].decisions],
            joined([one.standings for one in reports]),
            joined([one.singles for one in reports]),
            reports[0].unseen,
            self.seed,
        )

    def _college(self, recorded: Recordings, policy: CascadePolicy | None) -> Collegium:
        """A college as it would serve, whose models say what was recorded."""
        from collegium.backends.pool import Instance, Pool  # noqa: PLC0415
        from collegium.backends.recorded import RecordedBackend  # noqa: PLC0415
        from collegium.experts.model_expert import ModelExpert  # noqa: PLC0415
        from collegium.system import Collegium  # noqa: PLC0415

        names = ("MathExpert", "CodingExpert", "DataExpert", "AdvisorExpert")
        moe = {
            "router": {"type": "heuristic"},
            "experts": [{"name": name, "compute": self.compute} for name in names],
            "aggregation": {"strategy": self.strategy},
            "verification": {"enabled": self.verification},
        }
        settings = configuration.read(json.dumps({"moe": moe}), source="the replayed college")
        college = Collegium.of(settings, cascade=policy)
        backend = RecordedBackend(recorded.spoken())
        instances = [
            Instance(backend, model, f"recorded/{model}", capacity=64) for model in recorded.models
        ]
        for expert in college.router.roster:
            if isinstance(expert, ModelExpert):
                expert.pool = Pool(instances)
        return college
