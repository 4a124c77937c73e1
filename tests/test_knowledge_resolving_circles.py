"""What turns in a circle means the same whatever was resolved before it."""

from __future__ import annotations

import gc
import random
from contextlib import closing

import pytest
from knowledge_fuzzing import STEMS, WRITERS, Words
from knowledge_sources import Tree, pairs

from collegium.knowledge.resolving import Run, resolve
from collegium.knowledge.resolving.shape import Shape


def tangled(extension: str, seed: int) -> Tree:
    """Files of one folder that take from one another, inherit and pass on as chance has it."""
    rng = random.Random(seed)
    write = WRITERS[extension]
    texts = {stem: [write(Words(rng, stem)) for _ in range(2)] for stem in STEMS}
    return Tree({f"pkg/{stem}{extension}": "\n".join(parts) for stem, parts in texts.items()})


def differing(tree: Tree, seed: int) -> list[str]:
    """The files that have other edges in a run, in an order by chance, than alone."""
    order = sorted(tree.files)
    random.Random(seed).shuffle(order)
    run = Run(tree)
    return [path for path in order if run.resolve(path) != resolve(path, tree)]


# Trees in which what was worked out before had told otherwise than what is worked out anew.
TANGLES = [
    *((".ts", seed) for seed in (16, 17, 23, 32, 37, 40)),
    *((".js", seed) for seed in (32, 191)),
    *((".py", seed) for seed in (113, 127, 176)),
    *((".go", seed) for seed in (0, 100, 157)),
    *((extension, 1) for extension in (".java", ".rs", ".md")),
]


@pytest.mark.parametrize(("extension", "seed"), TANGLES)
def test_a_tangle_is_resolved_alike_in_any_order(extension: str, seed: int) -> None:
    tree = tangled(extension, seed)

    assert not any(differing(tree, order) for order in (seed, seed + 1))


@pytest.mark.parametrize("extension", [".py", ".ts", ".go", ".java", ".rs"])
def test_what_was_learned_is_gone_with_the_run_though_nobody_looks_for_cycles(
    extension: str,
) -> None:
    tree = tangled(extension, 16)
    gc.collect()
    gc.disable()
    try:
        before = number_of_shapes()
        with closing(Run(tree)) as run:
            for path in tree.files:
                run.resolve(path)
            assert number_of_shapes() > before
        assert number_of_shapes() == before
    finally:
        gc.enable()


def number_of_shapes() -> int:
    return sum(isinstance(one, Shape) for one in gc.get_objects())


@pytest.mark.long
@pytest.mark.parametrize("extension", WRITERS)
def test_many_tangles_are_resolved_alike_in_any_order(extension: str) -> None:
    assert not [seed for seed in range(1000, 1400) if differing(tangled(extension, seed), seed)]


def test_types_that_inherit_in_a_circle_of_files_have_their_members() -> None:
    tree = Tree(
        {
            "a.js": "import {C} from './c.js';\nexport class A extends C { f() { this.h(); } }",
            "b.js": "import {A} from './a.js';\nexport class B extends A { g() { this.f(); } }",
            "c.js": "export {B} from './b.js';\nimport {B} from './c.js';\n"
            "export class C extends B { h() { this.g(); } }",
        }
    )

    assert pairs(tree.edges(), "calls") == {
        ("a.js:A.f", "c.js:C.h"),
        ("b.js:B.g", "a.js:A.f"),
        ("c.js:C.h", "b.js:B.g"),
    }
