"""`collegium mcp`: the graph of a codebase as tools for coding agents."""

from __future__ import annotations

from collegium.cli import options
from collegium.cli.codebases import Lexical, TreePath, opened
from collegium.cli.roots import nearest
from collegium.cli.terminal import running, verb
from collegium.errors import PluginError


@verb
def mcp(path: TreePath = None, lexical: Lexical = False, debug: options.Debug = False) -> None:
    """Serve a codebase to a coding agent, by the Model Context Protocol over stdin and stdout.

    Offers search, callers, callees, subclasses, bases, overrides, members, importers, imports,
    definitions, uses, paths of calls, tests, and lines of files. It follows the folder while it
    runs. The agent starts it itself, from its settings.

    Example: `collegium mcp --path ~/project`
    """
    del debug  # `verb` reads it
    try:
        from collegium.knowledge import serving  # noqa: PLC0415 -- an extra, and 500 ms
    except ImportError as error:
        raise PluginError(
            f"serving coding agents takes extras ({error}): pip install "
            "'collegium[knowledge,mcp]', or in a clone '.[knowledge,mcp]'"
        ) from error
    root = path if path is not None else nearest()
    with opened(root, create=True, lexical=lexical) as graph:
        running(serving.serve(graph))
