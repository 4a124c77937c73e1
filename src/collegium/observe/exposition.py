"""Metrics as a Prometheus server reads them."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from collegium.observe.families import COUNTER, HISTOGRAM, OTHER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prometheus_client.core import Metric

    from collegium.observe.cells import Block, Layout


class Exposition(Collector):
    """Every metric of a layout, read at the moment it is asked for.

    Series of a sparse metric, or of 'other', are shown from their first count on: most never come.
    """

    def __init__(self, layout: Layout, read: Callable[[], memoryview[float]]) -> None:
        self._layout, self._read = layout, read
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def render(self, accept: str = "") -> tuple[bytes, str]:
        """The page and its content type: OpenMetrics where `accept` asks for it, else plain."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type

    def describe(self) -> Iterator[Metric]:
        """Every metric without a number."""
        return (_empty(block) for block in self._layout.blocks.values())

    def collect(self) -> Iterator[Metric]:
        """Every metric with its numbers."""
        cells = self._read()
        return (_filled(block, cells) for block in self._layout.blocks.values())


def _empty(block: Block) -> CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily:
    family = block.family
    labels, unit = tuple(family.labels), family.unit
    if family.kind == COUNTER:
        return CounterMetricFamily(family.name, family.meaning, labels=labels, unit=unit)
    if family.kind == HISTOGRAM:
        return HistogramMetricFamily(family.name, family.meaning, labels=labels, unit=unit)
    return GaugeMetricFamily(family.name, family.meaning, labels=labels, unit=unit)


def _filled(block: Block, cells: memoryview[float]) -> Metric:
    metric = _empty(block)
    row, width, sparse = cells[block.start : block.end].tolist(), block.width, block.family.sparse
    if sparse and not any(row):
        return metric
    for labels, place in block.series():
        numbers = row[place : place + width]
        if (sparse or OTHER in labels) and not any(numbers):
            continue
        if isinstance(metric, HistogramMetricFamily):
            *counts, total = numbers
            bounds = (*map(repr, block.family.buckets), "+Inf")
            metric.add_metric(labels, list(zip(bounds, accumulate(counts), strict=True)), total)
        else:
            metric.add_metric(labels, numbers[0])
    return metric
