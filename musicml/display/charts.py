"""Small charts as SVG inside a page: drawn in the page's own colours, told in words, no larger than they must be."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 760, 210, 46, 34, 12


def bar_chart(
    names: Sequence[object], values: Sequence[float], *, title: str, name_label: str, value_label: str
) -> str:
    """Bars over names, as an SVG element that takes its colour from the text around it.

    Args:
        names: one for each bar, such as measure numbers.
        values: heights, not negative; a missing one (NaN) leaves a gap.
        title: what the chart shows, for its alternative text.
        name_label, value_label: what stands along the axes, with the unit.

    Returns:
        The text of an `<svg>` whose alternative text names the lowest and highest bar and the mean.

    >>> chart = bar_chart([1, 2], [0.5, 1.0], title="Surprise", name_label="bar", value_label="nats")
    >>> "highest 1.00 at bar 2" in chart
    True
    """
    heights = np.asarray(values, dtype=float)
    known = np.isfinite(heights)
    top = float(heights[known].max()) if known.any() else 1.0
    ticks = _ticks(top)
    parts = [_axis(ticks, value_label, name_label)]
    step = (_WIDTH - _LEFT - 4) / max(1, len(heights))
    every = max(1, int(np.ceil(26 / step)))
    for row, (name, height) in enumerate(zip(names, heights, strict=True)):
        x = _LEFT + row * step
        if np.isfinite(height):
            tall = height / ticks[-1] * (_HEIGHT - _BOTTOM - _TOP)
            place = f'x="{x + step * 0.12:.1f}" y="{_HEIGHT - _BOTTOM - tall:.1f}"'
            size = f'width="{step * 0.76:.1f}" height="{tall:.1f}"'
            parts.append(f'<rect {place} {size} fill="currentColor" fill-opacity=".65"/>')
        if row % every == 0:
            parts.append(_text(x + step / 2, _HEIGHT - _BOTTOM + 15, str(name), "middle"))
    label = html.escape(f"{title}. {_words(names, heights, known, name_label)}")
    return (f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{label}" '
            f'font-size="12" fill="currentColor">{"".join(parts)}</svg>')


def _words(names: Sequence[object], heights: np.ndarray, known: np.ndarray, name_label: str) -> str:
    if not known.any():
        return "Nothing was measured."
    low, high = int(np.nanargmin(heights)), int(np.nanargmax(heights))
    return (
        f"{known.sum()} bars; lowest {heights[low]:.2f} at {name_label} {names[low]}, "
        f"highest {heights[high]:.2f} at {name_label} {names[high]}, mean {heights[known].mean():.2f}. "
        "The table below gives every value."
    )


def _ticks(top: float) -> list[float]:
    """Three to six round numbers from 0 to at least `top`."""
    top = top if top > 0 else 1.0
    unit = 10.0 ** np.floor(np.log10(top))
    step = next(float(unit * part) for part in (0.2, 0.25, 0.5, 1.0, 2.0) if top / (unit * part) <= 5)
    return [round(step * row, 10) for row in range(int(np.ceil(top / step - 1e-9)) + 1)]


def _axis(ticks: list[float], value_label: str, name_label: str) -> str:
    parts = []
    for tick in ticks:
        y = _HEIGHT - _BOTTOM - tick / ticks[-1] * (_HEIGHT - _BOTTOM - _TOP)
        parts.append(f'<path d="M{_LEFT} {y:.1f}H{_WIDTH}" stroke="currentColor" stroke-opacity=".25"/>')
        parts.append(_text(_LEFT - 6, y + 4, f"{tick:g}", "end"))
    middle = (_HEIGHT - _BOTTOM + _TOP) / 2
    parts.append(f'<g transform="rotate(-90 11 {middle:.0f})">{_text(11, middle, value_label, "middle")}</g>')
    parts.append(_text((_WIDTH + _LEFT) / 2, _HEIGHT - 3, name_label, "middle"))
    return "".join(parts)


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{html.escape(words)}</text>'
