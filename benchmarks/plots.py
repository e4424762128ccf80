"""Plots as SVG, for reports."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

STYLE = {
    "background": "#ffffff",
    "plot_background": "#ffffff",
    "font_family": "system-ui, sans-serif",
    "colors": ("#4338ca", "#0d9488", "#d97706", "#be123c", "#64748b"),
    "title_font_size": 18,
    "label_font_size": 13,
    "legend_font_size": 13,
    "value_font_size": 13,
}
OPTIONS = {
    "width": 800,
    "height": 400,
    "legend_at_bottom": True,
    "js": (),  # no script
    "allow_interruptions": True,
}


@dataclass(frozen=True)
class Plot:
    """An SVG image; its file is `plots/<name>.svg` beside the report."""

    name: str
    title: str
    svg: str

    def __str__(self) -> str:
        """Return the Markdown that shows it."""
        return f"![{self.title}](plots/{self.name}.svg)"


def bars(name: str, title: str, labels: Sequence[str], series: Mapping[str, Sequence[float | None]]) -> Plot:
    """Draw groups of bars: one group for each of `labels`, with one bar of each of the `series`."""
    return _draw("Bar", {"print_values": True}, Plot(name, title, ""), labels, series)


def lines(
    name: str,
    title: str,
    labels: Sequence[str],
    series: Mapping[str, Sequence[float | None]],
    *,
    logarithmic: bool = False,
) -> Plot:
    """Draw one line for each of the `series`, with a point at each of `labels`; None is a gap."""
    return _draw("Line", {"logarithmic": logarithmic}, Plot(name, title, ""), labels, series)


def _draw(
    kind: str,
    options: Mapping[str, object],
    plot: Plot,
    labels: Sequence[str],
    series: Mapping[str, Sequence[float | None]],
) -> Plot:
    # Imported here: it installs an import hook with which pytest cannot import tests.
    import pygal
    from pygal.style import Style

    chart = getattr(pygal, kind)(style=Style(**STYLE), **OPTIONS, **options)
    chart.uuid = plot.name  # the same ids in each run
    chart.title, chart.x_labels = plot.title, labels
    chart.value_formatter = lambda value: f"{value:,.3g}" if value < 1000 else f"{value:,.0f}"
    for label, values in series.items():
        chart.add(label, values)
    return replace(plot, svg=chart.render().decode())
