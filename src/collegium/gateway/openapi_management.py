"""The part of the OpenAPI document that is about the management."""

from __future__ import annotations

from typing import Any

from collegium.gateway.operations import ALWAYS, CHANGING, flag, in_path, operation

EXPERT = in_path("name", "The expert's name or key.")


def management_paths() -> dict[str, Any]:
    """What changes who answers and with what; all but rating takes the permission admin."""
    return {
        "/api/ratings": {
            "post": operation(
                "rate", "How good an answer was", "Rated", body="RatingBody", errors=CHANGING
            )
        },
        "/api/experts": {
            "get": operation("experts", "Who is on duty, and how each does", "Experts"),
            "post": {
                **operation(
                    "addExpert",
                    "Put an expert on duty: an entry as under `moe.experts`",
                    "ExpertStatus",
                    body="ExpertEntry",
                    errors=CHANGING,
                    good="201",
                ),
                "parameters": [flag("replace", "Whether it may take another's place.")],
            },
        },
        "/api/experts/{name}": {
            "delete": {
                **_changing("removeExpert", "Take an expert off duty", "RemovedExpert"),
                "parameters": [flag("force", "Whether also the last one who can do its work.")],
            },
            "parameters": [EXPERT],
        },
        "/api/experts/{name}/drain": {
            "post": _changing("drainExpert", "It gets no more queries", "ExpertStatus"),
            "parameters": [EXPERT],
        },
        "/api/experts/{name}/restore": {
            "post": _changing("restoreExpert", "It gets queries again", "ExpertStatus"),
            "parameters": [EXPERT],
        },
        "/api/experts/{name}/scale": {
            "post": _changing(
                "scaleExpert", "How many instances it has", "ExpertStatus", body="ScaleBody"
            ),
            "parameters": [EXPERT],
        },
        "/api/backends": {"get": operation("backends", "Where models are", "Backends")},
        "/api/backends/{name}": {
            "get": operation("backend", "One of them", "Backend", errors=(*ALWAYS, "404")),
            "put": _changing(
                "putBackend", "An entry as under `backends`", "Backend", body="BackendEntry"
            ),
            "delete": _changing("removeBackend", "Take a backend away", "Removed"),
            "parameters": [in_path("name", "The backend's name.")],
        },
        "/api/models": {"get": operation("aliases", "Short names for models", "Meanings")},
        "/api/models/{name}": {
            "put": _changing(
                "putModel", "Have a short name mean a model", "Meaning", body="MeaningBody"
            ),
            "delete": _changing("removeModel", "Take a short name away", "Removed"),
            "parameters": [in_path("name", "The short name.")],
        },
        "/api/config": {"get": operation("config", "The configuration in force", "InForce")},
        "/api/config/reload": {
            "post": _changing("reload", "Read the file again, whole or not at all", "Reconfigured")
        },
        "/api/config/rollback": {
            "post": _changing("rollback", "As it was before the last change", "Reconfigured")
        },
        "/api/drift/acknowledge": {
            "post": _changing(
                "acknowledgeDrift", "Forget alarms of drift", "Acknowledged", body="AlarmsBody"
            )
        },
        "/api/experiments": {
            "get": operation("experiments", "What is and was tried out", "Experiments"),
            "post": operation(
                "startExperiment",
                "Try something out on a part of the traffic",
                "Experiment",
                body="ExperimentPlan",
                errors=CHANGING,
                good="201",
            ),
        },
        "/api/experiments/{name}": {
            "get": operation("experiment", "One of them", "Experiment", errors=(*ALWAYS, "404")),
            "delete": {
                **_changing("stopExperiment", "End an experiment", "Experiment"),
                "parameters": [flag("promote", "Whether the challenger takes over.")],
            },
            "parameters": [in_path("name", "The experiment's name.")],
        },
    }


def _changing(name: str, summary: str, reply: str, *, body: str = "") -> dict[str, Any]:
    """An operation that changes something that has a name."""
    return operation(name, summary, reply, body=body, errors=CHANGING)
